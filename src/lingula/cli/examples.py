"""What each command's help shows at its end; a test holds every line against the commands."""

from __future__ import annotations

#: Command, with the groups before it -> lines that a user can type.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "label": (
        "lingula label reports.csv -o labeled.csv",
        "lingula label folder-of-txt -o labeled.parquet --evidence reasons.csv",
        "lingula label mimic.csv.gz -o labeled.csv --text-column findings --labeler builtin",
        "lingula label reports.csv -o labeled.csv --labeler llm:qwen3 "
        "--endpoint http://localhost:11434",
        "cat reports.jsonl | lingula label - --input-format jsonl -o - --no-text",
        "lingula label folder-of-parts -o labeled-parts --engine local",
    ),
    "explain": (
        'lingula explain "Small left effusion, no pneumothorax."',
        "lingula explain --table reports.csv --sample 10 --html why.html",
    ),
    "strata": ("lingula strata reports.csv -o strata.csv",),
    "evaluate": (
        "lingula evaluate truth.csv labeled.csv",
        "lingula evaluate truth.csv labeled.csv --bootstrap 10000 --html figures.html",
        "lingula evaluate truth.csv mine.csv --second theirs.csv --bootstrap 10000",
    ),
    "score": (
        "lingula score references.csv generated.csv",
        "lingula score references.csv generated.csv --convention all --html scores.html",
        "lingula score references.csv mine.csv --second theirs.csv --labeler chexbert.pth",
    ),
    "convert": ("lingula convert chexbert.pth folder --int8",),
    "audit": (
        "lingula audit labels.csv -o audit",
        "lingula audit labels.csv --reports reports.csv --metadata metadata.csv -o audit",
    ),
    "challenge create": (
        "lingula challenge create challenge --truth truth.csv --readers anna.csv --readers ben.csv",
    ),
    "challenge check": ("lingula challenge check scores.csv --form public/form.csv",),
    "challenge submit": ('lingula challenge submit challenge scores.csv --team "Our team"',),
    "challenge board": ("lingula challenge board challenge",),
    "challenge close": ("lingula challenge close challenge",),
    "challenge verify": ("lingula challenge verify challenge",),
    "challenge run": (
        'lingula challenge run challenge --command "sh /program/predict.sh" --program team '
        '--images films --team "Our team"',
    ),
    "challenge export codabench": ("lingula challenge export codabench challenge -o bundle.zip",),
    "schema list": ("lingula schema list",),
    "schema show": (
        "lingula schema show",
        "lingula schema show --observation Pneumothorax",
        "lingula schema show nih14 --json",
    ),
    "schema check": ("lingula schema check own.toml",),
    "train": ("lingula train recipe.toml -o run", "lingula train recipe.toml -o run --resume"),
    "study": ("lingula study study.toml -o study",),
    "distill": ("lingula distill chexbert.pth reports.csv -o student --layers 4",),
    "calibrate": ("lingula calibrate run/model validation.csv",),
    "images train": (
        "lingula images train films.csv --labels labels.csv --images films -o run",
        "lingula images train train.csv --valid valid.csv --images films --policy ones -o run",
    ),
    "images predict": ("lingula images predict run valid.csv --images films -o scores.csv",),
    "images select": ("lingula images select valid.csv run-ones run-zeros --images films -o best",),
    "images explain": (
        "lingula images explain run film.png -o film.html",
        "lingula images explain run film.png --method occlusion -o film.html",
    ),
    "images groups": (
        "lingula images groups valid.csv scores.csv --images films",
        "lingula images groups valid.csv scores.csv --images films --strata strata.csv",
    ),
    "images calibrate": ("lingula images calibrate run calibration.csv --images films",),
    "images export": ("lingula images export run -o model.onnx",),
    "review links": ("lingula review links reports.review anna",),
    "review export": (
        "lingula review export reports.review -o expert.csv",
        "lingula review export reports.review -o reasons.csv --form long",
    ),
    "review agreement": ("lingula review agreement reports.review",),
    "review progress": ("lingula review progress reports.review",),
    "review prevalence": ("lingula review prevalence reports.review",),
    "review round": ("lingula review round reports.review --take 200 --labeler run/model",),
    "review import": ("lingula review import reports.review tasks.json",),
    "serve": (
        "lingula serve",
        "lingula serve --labeler rules --labeler site=run/model --port 8080",
    ),
    "doctor": ("lingula doctor", "lingula doctor --json"),
}
