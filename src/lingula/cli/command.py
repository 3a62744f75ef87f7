"""The class of every command: an option that counts once is not silently replaced."""

from __future__ import annotations

import click


class Command(click.Command):
    """A command that refuses an option given twice, unless it may be repeated."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, after looking for options that are given twice.

        Raises:
            UsageError: If one is; click by itself would let the last one win.
        """
        if not ctx.resilient_parsing:
            _, _, given = self.make_parser(ctx).parse_args(list(args))
            for option in given:
                once = isinstance(option, click.Option) and not (
                    option.multiple or option.count or option.is_flag
                )
                if once and given.count(option) > 1:
                    raise click.UsageError(f"{option.opts[0]} is given twice; it counts once", ctx)
        return super().parse_args(ctx, args)
