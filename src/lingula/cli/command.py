"""The class of every command: the user's defaults, examples, and no option silently replaced."""

from __future__ import annotations

from typing import Any

import click

from lingula.cli.settings import command_defaults, read_settings, with_variables


class Command(click.Command):
    """A command with examples in its help and the user's own defaults.

    An option given twice is refused, unless it may be repeated.
    """

    #: Whether the user's settings are looked at.
    reads_settings = True

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        with_variables(self.params)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, after looking for options that are given twice.

        Raises:
            UsageError: If one is; click by itself would let the last one win.
            InputError: If the user's settings are wrong; the message names file and key.
        """
        if not ctx.resilient_parsing:
            _, _, given = self.make_parser(ctx).parse_args(list(args))
            for option in given:
                once = isinstance(option, click.Option) and not (
                    option.multiple or option.count or option.is_flag
                )
                if once and given.count(option) > 1:
                    raise click.UsageError(f"{option.opts[0]} is given twice; it counts once", ctx)
            asks_help = any(set(ctx.help_option_names) & set(item.opts) for item in given)
            found = read_settings() if self.reads_settings and not asks_help else None
            if found is not None:
                ctx.default_map = command_defaults(ctx, self, *found)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, each on a line of its own."""
        from lingula.cli.examples import EXAMPLES

        words = ctx.command_path.split(" ")
        for start in range(len(words)):
            lines = EXAMPLES.get(" ".join(words[start:]))
            if lines:
                with formatter.section("Examples"):
                    for line in lines:
                        formatter.write(f"{'':{formatter.current_indent}}{line}\n")
                break
        super().format_epilog(ctx, formatter)
