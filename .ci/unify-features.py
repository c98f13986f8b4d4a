#!/usr/bin/env python3
"""Write crates/workspace-hack/Cargo.toml: one feature set for everything that the engine is built from.

Cargo unifies features over the packages that a command selects, so `cargo run`, `cargo test` and `cargo test -p X`
would each compile DataFusion anew. The crate written here names every library below the engine with the union of the
features that the whole workspace, tests included, asks for; each crate that links the engine depends on it.

    python3 .ci/unify-features.py          # after a dependency was added or updated
    python3 .ci/unify-features.py --check  # fails where the file is not current
"""
import json
import pathlib
import subprocess
import sys

ROOTS = {"datafusion", "deltalake-core", "arrow", "parquet", "object_store", "tokio"}
TARGET = "crates/workspace-hack/Cargo.toml"


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def main():
    data = metadata()
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    is_macro = lambda key: any("proc-macro" in target["kind"] for target in packages[key]["targets"])
    todo = [key for key, package in packages.items() if package["name"] in ROOTS and package["source"]]
    closure = set()
    while todo:
        key = todo.pop()
        if key in closure or is_macro(key):
            continue
        closure.add(key)
        for dependency in nodes[key]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                todo.append(dependency["pkg"])
    lines = []
    by_name = {}
    for key in closure:
        by_name.setdefault(packages[key]["name"], []).append(key)
    for name in sorted(by_name):
        for index, key in enumerate(sorted(by_name[name], key=lambda key: packages[key]["version"])):
            package = packages[key]
            features = ", ".join(json.dumps(feature) for feature in sorted(nodes[key]["features"]))
            label = name if index == 0 else f"{name}-v{index + 1}"
            renamed = "" if label == name else f'package = "{name}", '
            lines.append(
                f'{label} = {{ {renamed}version = "={package["version"].split("+")[0]}", '
                f"default-features = false, features = [{features}] }}"
            )
    text = "\n".join([
        "# Written by .ci/unify-features.py; do not edit. It says why it exists.",
        "[package]", 'name = "fupan-workspace-hack"', "version.workspace = true", "edition.workspace = true",
        "rust-version.workspace = true", "license.workspace = true", "publish.workspace = true", "",
        "[lints]", "workspace = true", "", "[dependencies]", *lines, ""])
    path = pathlib.Path(TARGET)
    if "--check" in sys.argv[1:]:
        if path.read_text(encoding="utf-8") != text:
            sys.exit(f"{TARGET} is not current: run .ci/unify-features.py")
        return
    path.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(lines)} libraries")


main()
