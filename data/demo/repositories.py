"""Real Git repositories for the demo's projects, so that runs carry commits that exist. Dates and authors are set."""

import hashlib
import json
import os
import subprocess
from bisect import bisect_right
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from data.demo.datasets import TASKS
from data.demo.recipes import ENGINEER, JOB_SCRIPT, LEAD, RELEASED, SCIENTIST
from data.demo.training import Recipe

HERE = Path(__file__).parent
TRAIN_ALL = '''"""Fit every recipe of recipes.json and print what it reaches on the rows that choose."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from datasets import TASKS, split
from training import Recipe, fit, quality, score

task = TASKS["{table}"]
for name, fields in json.loads((ROOT / "recipes.json").read_text()).items():
    valid = split(task).valid
    print(name, quality(task, valid, score(task, fit(task, Recipe(**fields)), valid), "valid"))
'''
# (when, who, message, how many of the project's recipes the code holds by then)
STORY = (
    ("2026-08-27 15:40", LEAD, "Read the extract and fix the split", 0),
    ("2026-09-03 10:12", LEAD, "Train the first linear recipes", 2),
    ("2026-09-18 16:55", SCIENTIST, "Boost instead of regress", 3),
    ("2026-10-05 09:30", SCIENTIST, "Log fairness by group", 4),
    ("2026-11-04 14:21", ENGINEER, "Train on more rows with stronger regularisation", 9),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A project's commits: times (epoch seconds, ascending) and hashes, in step."""

    times: tuple[float, ...]
    commits: tuple[str, ...]

    def at(self, moment_ms: int) -> str | None:
        """The newest commit at a time, None before the first."""
        position = bisect_right(self.times, moment_ms / 1000)
        return self.commits[position - 1] if position else None


def pointer(path: Path) -> str:
    """The text of a .dvc file for an extract: its real MD5 and size."""
    content = path.read_bytes()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return f"outs:\n- md5: {digest}\n  size: {len(content)}\n  hash: md5\n  path: {path.name}\n"


def code(name: str) -> str:
    """A module of this folder as it stands in a project's repository: beside its siblings, with its table in data/."""
    text = (HERE / name).read_text()
    return text.replace("from data.demo.", "from ").replace('parent / "source"', 'parent / "data"')


def create(project: str, folder: Path, bundles: Path, pins: list[str]) -> Repository:
    """Make the repository in `folder`, and a bundle of it in `bundles`."""
    table, recipes = RELEASED[project]
    folder.mkdir(parents=True)
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*arguments: str, **environment: str) -> str:
        place = os.environ | quiet | environment
        done = subprocess.run(["git", *arguments], cwd=folder, env=place, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    git("config", "core.autocrlf", "false")
    times, commits = [], []
    for when, who, message, known in STORY:
        files = {"datasets.py": code("datasets.py"), "requirements.txt": "\n".join(pins) + "\n"}
        files[f"data/{table}.parquet.dvc"] = pointer(TASKS[table].extract)
        if known:
            files["training.py"] = code("training.py")
            files[JOB_SCRIPT] = TRAIN_ALL.replace("{table}", table)
            files["recipes.json"] = _recipes(dict(list(recipes.items())[:known]))
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        moment = datetime.fromisoformat(when).replace(tzinfo=UTC)
        stamp = f"{int(moment.timestamp())} +0000"
        git("add", "--all")
        if not git("status", "--porcelain"):  # the project already holds all its recipes
            continue
        signed = {"NAME": who, "EMAIL": f"{who}@bank.example.com", "DATE": stamp}
        author = {f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in signed.items()}
        git("commit", "--quiet", "--message", message, **author)
        times.append(moment.timestamp())
        commits.append(git("rev-parse", "HEAD"))
    bundles.mkdir(exist_ok=True)
    git("bundle", "create", "--quiet", str(bundles / f"{project}.bundle"), "HEAD", "main")
    return Repository(times=tuple(times), commits=tuple(commits))


def _recipes(recipes: dict[str, Recipe]) -> str:
    return json.dumps({name: asdict(recipe) for name, recipe in recipes.items()}, indent=1) + "\n"
