"""Interfaces to the outside are small: one for each capability."""

import ast
from pathlib import Path
from typing import Final

import bot
from bot.services.ports import Store, Transaction

PORTS: Final = Path(bot.__path__[0]) / "services" / "ports"

#: More methods in one interface are several interfaces.
MOST: Final = 15


def test_each_interface_is_about_one_thing() -> None:
    """`Transaction` and `Store` are put together from the interfaces of the capabilities."""
    sizes = {
        node.name: sum(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) for each in node.body)
        for file in PORTS.rglob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef)
    }
    assert {name: size for name, size in sizes.items() if size > MOST} == {}
    assert sizes["Transaction"] == 2  # now, sql
    assert sizes["Store"] == 3  # transaction, at_once, sql


def test_every_interface_of_the_store_is_part_of_it() -> None:
    """An interface that neither `Store` nor `Transaction` has could not be asked for."""
    defined = {
        node.name
        for file in (PORTS / "store").rglob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases)
    }
    parts = {each.__name__ for each in (*Store.__mro__, *Transaction.__mro__)}
    assert defined > {"OutageMirror", "AcknowledgementReads", "AcknowledgementWrites"}, "all files are read"
    assert defined - parts == set()
