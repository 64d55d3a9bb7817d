#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""api.py [--check] SOURCE: makes every list that repeats declarations of include/rmmap.h.in in this
source directory; "make api" runs it. With --check it changes nothing, but prints what it would
change and exits with 1. In both cases it exits with 1 if a manual page disagrees with the header in
what people write: its names, and the errors that it explains.

What it reads in the header: declarations, "#define RMMAP_", the titles in "---- title ----", and in
a comment before declarations "Errors:", "Also of ...:" and "Since:", as the top of the header says.
It exits with an error at a declaration or list that it doesn't understand: it skips nothing."""
import dataclasses
import difflib
import pathlib
import re
import sys
from collections.abc import Iterator
from typing import NoReturn, Union

complaints: list[str] = []


def complain(text: str) -> None:
    complaints.append(f"FAIL: {text}")


def fail(text: str) -> NoReturn:
    sys.exit(f"FAIL: {text}")


# ---- the header ----------------------------------------------------------------------------------


@dataclasses.dataclass
class Function:
    name: str
    returns: str
    arguments: list[str]
    section: str
    since: str
    errors: list[str]
    system: str  # "windows": only there; "posix": not there; or ""


@dataclasses.dataclass
class Type:
    name: str
    kind: str  # struct or enum
    members: list[str]  # none: an opaque one
    section: str


@dataclasses.dataclass
class Api:
    public: list[Union[Function, Type]]  # in the header's order
    macros: dict[str, str]

    @property
    def functions(self) -> list[Function]:
        return [each for each in self.public if isinstance(each, Function)]

    @property
    def posix_functions(self) -> list[Function]:
        return [each for each in self.functions if each.system != "windows"]

    @property
    def types(self) -> list[Type]:
        return [each for each in self.public if isinstance(each, Type)]

    @property
    def constants(self) -> list[str]:
        """Macros whose value is a number, except those of the version."""
        return [name for name, value in self.macros.items() if re.match(r"\(?UINT|[0-9]", value)]


TOKEN = re.compile(
    r"/\*.*?\*/|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*|[{};]|\n|[^{};/#\n]+|.", re.S | re.M
)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Each macro ("define", text) and declaration ("code", text), and each comment ("comment",
    text) that begins a line; and ("system", name) where what follows is for some systems only, or
    ("system", "") where it is for all again."""
    text = re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "", text, flags=re.S)
    code, depth, first = "", 0, True
    conditions: list[str] = []  # the systems of each #if around
    for token in TOKEN.findall(text):
        if token.startswith("/*"):
            if first and not code.strip():
                words = re.sub(r"^ ?\*+", "", token[2:-2], flags=re.M).split()
                yield "comment", " ".join(words)
        elif token.lstrip().startswith("#"):
            word = token.split()[0]
            if word == "#define":
                yield "define", " ".join(token.replace("\\\n", " ").split())
            elif word in ("#if", "#ifdef", "#ifndef"):
                systems = {"#ifdef _WIN32": "windows", "#ifndef _WIN32": "posix"}
                conditions.append(systems.get(token, ""))
            elif word == "#else":
                others = {"windows": "posix", "posix": "windows"}
                conditions.append(others.get(conditions.pop(), ""))
            elif word == "#endif":
                conditions.pop()
            if word != "#define":
                yield "system", "".join(conditions)
        else:
            code += token
            depth += (token == "{") - (token == "}")
            if token == ";" and depth == 0:
                yield "code", " ".join(code.split())[:-1]
                code = ""
        first = token == "\n" or (first and not token.strip())
    if code.strip():
        fail(f"rmmap.h.in ends within: {code.strip()}")


def split_arguments(text: str) -> list[str]:
    """Splits a list at the commas outside of parentheses."""
    return [] if text == "void" else re.split(r", (?![^(]*\))", text)


def errors_in(comment: str, name: str, known: dict[str, Function]) -> list[str]:
    """The errors that a comment lists for one of the functions after it."""
    found: list[str] = []
    lists = re.findall(r"(?:Errors|Also of ([^:]*)):((?:[^.(]|\([^)]*\))*)\.", comment)
    if len(lists) != len(re.findall(r"\bErrors:|\bAlso of ", comment)):
        fail(f"a list of errors without its full stop: {comment}")
    for names, words in lists:
        if names and name not in re.split(r", | and ", names):
            continue
        for word in re.split(r"[, ]+", re.sub(r"\([^)]*\)", "", words).strip()):
            if word in known:
                found += known[word].errors
            elif re.fullmatch(r"E[A-Z0-9]+", word):
                found.append(word)
            elif word not in ("as", "and"):
                fail(f"no error and no function before {name}: {word}")
    if len(found) != len(set(found)):
        fail(f"{name} lists an error twice: {found}")
    return found


FUNCTION = re.compile(
    r"RMMAP_(EXPORT|CHECKED) (.+?[ *])(rmmap_\w+)\((.*?)\)( RMMAP_\w+\(\d, \d\))*"
)
TYPE = re.compile(r"(struct|enum) (rmmap_\w+)(?: \{(.*)\})?")


def parse(text: str) -> Api:
    api = Api([], {})
    default = re.search(r"^ \*  - Since: ([0-9.]+)\.$", text, re.M)
    if default is None:
        fail("rmmap.h.in doesn't say since when its functions are there")
    section, comment, system = "", "", ""
    known: dict[str, Function] = {}
    groups: dict[str, list[str]] = {}  # the functions after each comment
    for kind, token in tokens(text):
        if kind == "comment":
            if title := re.match(r"---- ([^:]*?)(?:: .*)? -+", token):
                section = title[1]
            comment = token
        elif kind == "system":
            system = token
        elif kind == "define" and system != "windows":
            if match := re.match(r"#define (\w+) +(.*?)\s*(?:/\*.*)?$", token):
                api.macros[match[1]] = match[2]
        elif kind == "code":
            if match := FUNCTION.fullmatch(token):
                checked, returns, name, arguments, _ = match.groups()
                since = re.search(r"\bSince: ([0-9.]+)\.", comment) or default
                function = Function(name, returns.strip(), split_arguments(arguments), section,
                                    since[1], errors_in(comment, name, known), system)
                fails = function.returns == "int"
                if fails != (checked == "CHECKED") or fails != bool(function.errors):
                    fail(f"{name}: int, RMMAP_CHECKED and errors are there together, or none is")
                known[name] = function
                api.public.append(function)
                groups.setdefault(comment, []).append(name)
            elif match := TYPE.fullmatch(token):
                kind, name, inside = match.groups()
                parts = re.split(";" if kind == "struct" else ",", inside or "")
                members = [part.strip() for part in parts if part.strip()]
                api.public.append(Type(name, kind, members, section))
            elif not token.startswith("struct iovec {"):
                fail(f"rmmap.h.in declares neither a function nor a type: {token}")
    for comment, names in groups.items():
        for name in re.findall(r"rmmap_\w+", " ".join(re.findall(r"Also of ([^:]*):", comment))):
            if name not in names:
                fail(f"{name} does not follow the comment that lists its errors: {comment}")
    return api


# ---- what is made of it --------------------------------------------------------------------------


def wrapped(start: str, arguments: list[str], end: str, width: int) -> str:
    """A call or prototype; lines longer than width are continued below the parenthesis."""
    lines = [start]
    for i, each in enumerate(arguments or ["void"]):
        each += end if i + 1 >= len(arguments) else ","
        if len(lines[-1]) + len(each) + 1 > width:
            lines.append(" " * len(start) + each)
        else:
            lines[-1] += (" " if i > 0 else "") + each
    return "\n".join(lines) + "\n"


def type_in_c(each: Type, indent: str, width: int, more: str = "") -> str:
    """The definition of a type. more: text after the last member."""
    if not each.members:
        return f"{each.kind} {each.name};\n"
    text = f"{each.kind} {each.name} {{\n"
    for i, member in enumerate(each.members):
        if each.kind == "enum":
            text += indent + member + ("," if i + 1 < len(each.members) else "") + "\n"
        elif match := re.fullmatch(r"(.*\(\*\w+\)\()(.*)\)", member):
            text += wrapped(indent + match[1], split_arguments(match[2]), ");", width)
        else:
            text += indent + member + ";\n"
    return text + more + "};\n"


def symbol_map(api: Api) -> str:
    """The symbol map: a node for each version, which doesn't change after that release."""
    text = """/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the library exports: made by build-aux/api.py from rmmap.h, in its order. A released node is
 * sealed: what comes later goes into a new one, which names this one as its parent.
 */
"""
    parent = ""
    versions = {each.since for each in api.functions}
    for since in sorted(versions, key=lambda version: [int(each) for each in version.split(".")]):
        names = [f"        {each.name};\n" for each in api.posix_functions if each.since == since]
        local = "" if parent else "local:\n        *;\n"
        text += f"RMMAP_{since} {{\nglobal:\n{''.join(names)}{local}}}{parent};\n"
        parent = f" RMMAP_{since}"
    return text


def windows_names(api: Api) -> str:
    """What the DLL exports."""
    names = "".join(f"\t{each.name}\n" for each in api.functions if each.system != "posix")
    return "; SPDX-License-Identifier: MIT OR Apache-2.0\n" \
           "; What the DLL exports: made by build-aux/api.py from rmmap.h.\nEXPORTS\n" + names


def debian_symbols(api: Api) -> str:
    """Debian's symbols file, sorted as dpkg-gensymbols does."""
    symbols = [(each.name, each.since) for each in api.posix_functions]
    symbols += [(f"RMMAP_{since}", since) for since in {each.since for each in api.functions}]
    lines = [f" {name}@RMMAP_{since} {since}.0\n" for name, since in sorted(symbols)]
    return ("librangedmmap.so.0 librangedmmap0 #MINVER#\n"
            "* Build-Depends-Package: librangedmmap-dev\n" + "".join(lines))


def tests_table(api: Api) -> str:
    """For tests that go through all errors, or all constants: define one, and include this."""
    text = """/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Made by build-aux/api.py from rmmap.h. Who includes it defines ERROR, CONSTANT, or both. */
#ifdef ERROR
"""
    for function in api.functions:
        lines = "".join(f"ERROR({function.name}, {error})\n" for error in function.errors)
        condition = {"windows": "#ifdef", "posix": "#ifndef"}.get(function.system)
        text += f"{condition} _WIN32\n{lines}#endif\n" if condition and lines else lines
    text += "#endif\n#ifdef CONSTANT\n"
    return text + "".join(f"CONSTANT({name})\n" for name in api.constants) + "#endif\n"


def python_declarations(api: Api) -> str:
    """The declarations for cffi. A struct that may grow takes its size from the header in use."""
    text = ""
    for each in api.types:
        grows = each.members[:1] == ["size_t size"]
        text += type_in_c(each, "    ", 100, "    ...;\n" if grows else "")
    text += "".join(f"#define {name} ...\n" for name in api.constants)
    for function in api.posix_functions:
        start = f"{function.returns} {function.name}(".replace("* ", "*")
        text += wrapped(start, function.arguments, ");", 100)
    return f'DECLARATIONS = """\n{text}"""\n'


def functions_list(api: Api) -> str:
    """The list in librangedmmap(7)."""
    text = ".Bl -tag -width Ds\n"
    for section in dict.fromkeys(each.section for each in api.public):
        names = [f".Xr {each.name} 3" for each in api.public if each.section == section]
        text += f".It {section[0].upper()}{section[1:]}\n" + " ,\n".join(names) + "\n"
    return text + ".El\n"


def synopsis(public: list[Union[Function, Type]]) -> str:
    types = [each for each in public if isinstance(each, Type)]
    shown = [type_in_c(each, "        ", 72) for each in types if each.members]
    text = ".Bd -literal\n" + "\n".join(shown) + ".Ed\n.Pp\n" if shown else ""
    text += "".join(f".Vt {each.kind} {each.name} ;\n.Pp\n" for each in types if not each.members)
    for each in public:
        if isinstance(each, Function):
            text += f".Ft {each.returns}\n"
            if each.arguments:
                arguments = "".join(f'.Fa "{argument}"\n' for argument in each.arguments)
                text += f".Fo {each.name}\n{arguments}.Fc\n"
            else:
                text += f".Fn {each.name} void\n"
    return text


def errors(public: list[Union[Function, Type]]) -> str:
    text = ".Bl -tag -width Ds\n"
    for each in public:
        if isinstance(each, Function) and each.errors:
            names = " ,\n".join(f".Er {error}" for error in each.errors)
            text += f".It Fn {each.name}\n{names}\n"
    return text + ".El\n"


# ---- where it goes -------------------------------------------------------------------------------


def replaced(path: pathlib.Path, text: str, parts: dict[str, str]) -> str:
    """text, with each part between the lines that say "made by build-aux/api.py: NAME" and "end of
    NAME"."""
    for name, part in parts.items():
        pattern = rf"(?ms)(^[^\n]*made by build-aux/api\.py: {name}\n).*?(^[^\n]*end of {name}$)"
        places = re.split(pattern, text)
        if len(places) != 4:
            fail(f"{path}: not one place for what is made by build-aux/api.py: {name}")
        text = places[0] + places[1] + part + places[2] + places[3]
    return text


def section_of(page: str, title: str) -> str:
    match = re.search(rf"(?ms)^\.Sh {title}$(.*?)(?=^\.Sh |\Z)", page)
    return match[1] if match else ""


def explained(page: str) -> set[str]:
    """The errors that a page explains."""
    text = section_of(page, "ERRORS").partition("They mean:")[2]
    found = re.findall(r"^\.It Bq Er (\w+)", text, re.M)
    for several in re.findall(r"^\.It Bo\n(.*?)^\.Bc", text, re.M | re.S):
        found += re.findall(r"^\.Er (\w+)", several, re.M)
    return set(found)


def pages(top: pathlib.Path, api: Api) -> Iterator[tuple[pathlib.Path, str]]:
    """The pages of section 3 with their lists made anew; complains about errors in the rest."""
    missing = {each.name: each for each in api.public}
    for path in sorted((top / "man").glob("*.3")):
        page = path.read_text()
        names = re.findall(r"^\.Nm (\w+)", section_of(page, "NAME"), re.M)
        for name in names:
            if name not in missing:
                complain(f"{path}: {name} is not in rmmap.h, or in another page too")
        public = [missing.pop(name) for name in names if name in missing]
        for name, value in re.findall(r"^#define (\w+) +(\d+)$", page, re.M):
            if api.macros.get(name) != value:
                complain(f"{path}: {name} is {api.macros.get(name)}")
        parts = {"SYNOPSIS": synopsis(public)}
        listed = {error for each in public if isinstance(each, Function) for error in each.errors}
        if listed:
            parts["ERRORS"] = errors(public)
        if explained(page) != listed:
            complain(f"{path} explains errors of no function, or not all: "
                     f"{' '.join(sorted(explained(page) ^ listed))}")
        yield path, replaced(path, page, parts)
    if missing:
        complain(f"no page has the name {' '.join(missing)}")


def made(top: pathlib.Path, api: Api) -> Iterator[tuple[pathlib.Path, str]]:
    yield top / "lib/librangedmmap.map", symbol_map(api)
    yield top / "lib/librangedmmap.def", windows_names(api)
    if (top / "debian").exists():  # a tarball doesn't have it
        yield top / "debian/librangedmmap0.symbols", debian_symbols(api)
    yield top / "tests/api.inc", tests_table(api)
    python = top / "python/build_extension.py"
    yield python, replaced(python, python.read_text(), {"declarations": python_declarations(api)})
    overview = top / "man/librangedmmap.7"
    yield overview, replaced(overview, overview.read_text(), {"FUNCTIONS": functions_list(api)})
    yield from pages(top, api)


def main() -> int:
    check = "--check" in sys.argv
    top = pathlib.Path(sys.argv[-1])
    api = parse((top / "include/rmmap.h.in").read_text())
    outdated = False
    for path, text in list(made(top, api)):
        old = path.read_text() if path.exists() else ""
        if old == text:
            continue
        if check:
            sys.stdout.writelines(difflib.unified_diff(
                old.splitlines(True), text.splitlines(True), f"{path}", "what make api makes"))
            outdated = True
        else:
            path.write_text(text)
    print(f"{len(api.functions)} functions, {len(api.types)} types, {len(api.constants)} constants")
    print("".join(f"{each}\n" for each in complaints), end="")
    return 1 if outdated or complaints else 0


if __name__ == "__main__":
    sys.exit(main())
