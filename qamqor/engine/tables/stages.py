"""Writes a view as a chain of common table expressions, one for each way of iterating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.tables import moments_sql
from qamqor.engine.tables.dates import NATIONAL
from qamqor.engine.tables.expressions import Place, Value, writer
from qamqor.engine.tables.needs import Need, quoted
from qamqor.engine.tables.view import Column, Repeat, Select, View

SOURCE: Final = '"~resources"'


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a select stands.

    Attributes:
        table: the stage its rows come from so far.
        columns: what that stage has, by name.
        place: from where paths are followed.
        alive: a condition that is false in the blank row of a ``forEachOrNull``; empty outside one.
    """

    table: str
    columns: tuple[str, ...]
    place: Place
    alive: str = ""

    def moved(self, table: str, *added: str) -> Scope:
        return replace(self, table=table, columns=(*self.columns, *added))


@dataclass(slots=True)
class Layout:
    """What several views together read of one resource type.

    Attributes:
        root: the resource.
        nodes: what is read of the elements of each ``repeat``, by view and number.
        columns: the parts each view reads after its conditions, by the view's identity.
    """

    root: Need
    nodes: dict[tuple[int, int], Need] = field(default_factory=dict)
    columns: dict[int, tuple[str, ...]] = field(default_factory=dict)


class Stages:
    """The common table expressions of one view, in order."""

    def __init__(self, view: View, layout: Layout, *, source: str, zone: timedelta) -> None:
        self.view, self.zone, self.layout = view, zone, layout
        self.writer = writer()
        self.stages: list[str] = []
        self.names = 0
        self.is_recursive = False
        self.repeats = 0
        layout.root.part("resourceType", "code", many=False)
        layout.root.touched = set()
        whole = Value("", layout.root, is_root=True)
        read = layout.columns.get(id(view), ())
        self.start = Scope(source, read, Place(whole, whole, resource=view.resource))

    def condition(self) -> str:
        """What a resource must meet to be looked at."""
        conditions = [f"\"resourceType\" = '{self.view.resource}'"]
        conditions += [self.writer.sql(path.step, self.start.place) for path in self.view.where]
        return " and ".join(conditions)

    def query(self, condition: str | None = None) -> str:
        """The whole query, reading from the source it was given.

        Args:
            condition: what stands for the view's conditions, when the source worked them out.
        """
        where = self.condition() if condition is None else condition
        columns = ", ".join(self.start.columns) or "*"
        table = self.stage(f"select {columns} from {self.start.table} where {where}")
        scope, outputs = self.select(self.view.select, self.start.moved(table))
        touched = sorted(self.layout.root.touched)
        self.layout.columns[id(self.view)] = tuple(quoted(key) for key in touched)
        cells = ",\n  ".join(f"{outputs[c.name]} as {quoted(c.name)}" for c in self.view.columns)
        head = "with recursive " if self.is_recursive else "with "
        stages = ",\n".join(self.stages)
        return f"{head}{stages}\nselect\n  {cells}\nfrom {scope.table}"

    def stage(self, sql: str, *, kept: bool = False) -> str:
        """Add a stage; ``kept`` when several others read it."""
        name = self.name("s")
        self.stages.append(f"{name} as {'materialized ' if kept else ''}({sql})")
        return name

    def name(self, letter: str) -> str:
        self.names += 1
        return f'"~{letter}{self.names}"'

    def select(self, select: Select, scope: Scope) -> tuple[Scope, dict[str, str]]:
        """The stage with this select's rows, and an expression for each of its columns.

        The scope that comes back looks at what the given one looked at.
        """
        inner = self.iterated(select, scope)
        outputs = {column.name: self.cell(column, inner) for column in select.columns}
        for nested in select.selects:
            after, found = self.select(nested, inner)
            inner, outputs = self.same_place(inner, after), {**outputs, **found}
        if select.branches:
            inner, found = self.united(select.branches, inner)
            outputs |= found
        return self.same_place(scope, inner), outputs

    @staticmethod
    def same_place(scope: Scope, after: Scope) -> Scope:
        return replace(scope, table=after.table, columns=after.columns)

    def iterated(self, select: Select, scope: Scope) -> Scope:
        if select.repeat is not None:
            return self.repeated(select.repeat, select, scope)
        if select.for_each is None:
            return scope
        step = select.for_each.step
        found = self.writer.write(step, scope.place)
        if scope.alive and not found.is_root:
            found = replace(found, sql=f"(case when {scope.alive} then {found.sql} end)")
        if step.many:
            return self.unnested(found, select, scope)
        return self.looked_into(found, select, scope)

    def looked_into(self, found: Value, select: Select, scope: Scope) -> Scope:
        """At most one element: no rows are added, only those without it lost."""
        if found.is_root:
            return self.root_again(found, select, scope)
        focus = self.name("f")
        sql = f"select *, {found.sql} as {focus} from {scope.table}"
        alive = self.alive(select, scope, focus)
        if not select.is_or_null:
            kept = f"{focus} is not null" + (f" or not {scope.alive}" if scope.alive else "")
            sql = f"select * from ({sql}) where {kept}"
        place = replace(scope.place, focus=replace(found, sql=focus), row_index="0")
        return replace(scope.moved(self.stage(sql), focus), place=place, alive=alive)

    def root_again(self, found: Value, select: Select, scope: Scope) -> Scope:
        """``forEach`` over the resource itself, as in ``where(…)``."""
        focus = self.name("f")
        there = f"coalesce({found.sql}, false)" if found.sql else "true"
        there += f" and {scope.alive}" if scope.alive else ""
        sql = f"select *, case when {there} then true end as {focus} from {scope.table}"
        if not select.is_or_null:
            kept = f"{focus}" + (f" or not {scope.alive}" if scope.alive else "")
            sql = f"select * from ({sql}) where {kept}"
        place = replace(scope.place, focus=replace(found, sql=focus), row_index="0")
        alive = self.alive(select, scope, focus)
        return replace(scope.moved(self.stage(sql), focus), place=place, alive=alive)

    def unnested(self, found: Value, select: Select, scope: Scope) -> Scope:
        listed, focus, index = self.name("l"), self.name("f"), self.name("i")
        sql = f"select *, {found.sql} as {listed} from {scope.table}"
        blank = "" if select.is_or_null else f"not {scope.alive}" if scope.alive else "false"
        rows = listed
        if blank != "false":
            empty = f"coalesce(len({listed}), 0) = 0" + (f" and {blank}" if blank else "")
            rows = f"case when {empty} then [null] else {listed} end"
        add = f"unnest({rows}) as {focus}"
        added = [focus]
        if _asks_row_index(select):
            add += f", unnest(range(len({rows}))) as {index}"
            added.append(index)
        table = self.stage(f"select * exclude ({listed}), {add} from ({sql})")
        place = replace(scope.place, focus=replace(found, sql=focus), row_index=index)
        alive = self.alive(select, scope, focus)
        return replace(scope.moved(table, *added), place=place, alive=alive)

    @staticmethod
    def alive(select: Select, scope: Scope, focus: str) -> str:
        return f"({focus} is not null)" if select.is_or_null or scope.alive else ""

    def repeated(self, repeat: Repeat, select: Select, scope: Scope) -> Scope:
        """A walk down a tree of any depth, kept as JSON until each element is reached."""
        self.repeats += 1
        fresh = Need(repeat.types[0] if repeat.types else "Element")
        node = self.layout.nodes.setdefault((id(self.view), self.repeats), fresh)
        row, path, at = self.name("r"), self.name("p"), self.name("j")
        table = self.stage(f"select *, row_number() over () as {row} from {scope.table}", kept=True)
        first = self.children(repeat.first, scope.place, node)
        focus = self.name("n")
        place = replace(scope.place, focus=Value(focus, node))
        again = self.children(repeat.again, place, node)
        structure = node.schema_text()
        walk = self.name("w")
        self.is_recursive = True
        self.stages.append(
            f"{walk} as (select {row}, [k] as {path}, j as {at} from (select {row},"
            f" unnest({first}) as j, unnest(range(len({first}))) as k from {table})"
            f" union all select {row}, list_append({path}, k), j from (select {row}, {path},"
            f" unnest({again}) as j, unnest(range(len({again}))) as k from (select {row}, {path},"
            f" from_json({at}, {structure}) as {focus} from {walk})))"
        )
        return self.joined(walk, table, (row, path, at), node, select, scope)

    def joined(
        self,
        walk: str,
        table: str,
        names: tuple[str, str, str],
        node: Need,
        select: Select,
        scope: Scope,
    ) -> Scope:
        row, path, at = names
        focus, index = self.name("f"), self.name("i")
        order = f"row_number() over (partition by w.{row} order by w.{path}) - 1"
        sql = (
            f"select s.*, from_json(w.{at}, {node.schema_text()}) as {focus}, {order} as {index}"
            f" from {table} s left join {walk} w on s.{row} = w.{row}"
        )
        kept = f"w.{row} is not null" + (f" or not {scope.alive}" if scope.alive else "")
        place = replace(scope.place, focus=Value(focus, node), row_index=index)
        alive = self.alive(select, scope, focus)
        moved = scope.moved(self.stage(f"{sql} where {kept}"), row, focus, index)
        return replace(moved, place=place, alive=alive)

    def children(self, steps: tuple[Step | None, ...], place: Place, node: Need) -> str:
        """The elements the paths find from here, each still JSON, as one list."""
        lists = []
        for step in steps:
            if step is None:
                continue
            source = self.writer.write(step.args[0], place)
            if source.need is None:
                continue
            source.need.part(step.value, step.type, many=True).walked(node)
            lists.append(self.raw_list(source, step))
        joined = ", ".join(f"coalesce({sql}, [])" for sql in lists)
        return f"list_concat({joined})" if len(lists) > 1 else joined or "cast([] as json[])"

    def raw_list(self, source: Value, step: Step) -> str:
        key = quoted(step.value)
        if step.args[0].many:
            x, y = self.writer.variable(), self.writer.variable()
            lists = f"list_transform({source.sql}, lambda {x}: json_extract({x}.{key}, '$[*]'))"
            return f"flatten(list_filter({lists}, lambda {y}: {y} is not null))"
        read = key if source.is_root else f"({source.sql}).{key}"
        return f"json_extract({read}, '$[*]')"

    def united(self, branches: tuple[Select, ...], scope: Scope) -> tuple[Scope, dict[str, str]]:
        """All branches under each other; what stood before is computed once and kept."""
        table = self.stage(f"select * from {scope.table}", kept=True)
        names = {column.name: self.name("o") for column in branches[0].every_column}
        before = ", ".join(scope.columns)
        parts = []
        for number, branch in enumerate(branches):
            base = scope.moved(table)
            if number and scope.alive:
                base = scope.moved(self.stage(f"select * from {table} where {scope.alive}"))
            after, outputs = self.select(branch, base)
            cells = ", ".join(f"{outputs[name]} as {own}" for name, own in names.items())
            parts.append(f"select {before}, {cells} from {after.table}")
        moved = scope.moved(self.stage("\nunion all ".join(parts)), *names.values())
        return moved, names

    def cell(self, column: Column, scope: Scope) -> str:
        """The expression of one column, of its own SQL type."""
        sql = self.writer.sql(column.path.step, scope.place)
        if column.is_business_date:
            sql = moments_sql.business_date(sql, self.zone)
        elif column.is_precision:
            sql = moments_sql.precision(sql)
        kind = {"TEXT": "varchar"}.get(column.sql_type, column.sql_type.lower())
        if column.is_collection:
            many = column.path.step.many
            sql = (
                f"coalesce({sql}, [])"
                if many
                else f"case when {sql} is null then [] else [{sql}] end"
            )
            kind += "[]"
        if scope.alive:
            sql = f"case when {scope.alive} then {sql} end"
        return f"cast({sql} as {kind})"


def _asks_row_index(select: Select) -> bool:
    return any(
        step.op == "row_index"
        for inner in select.every()
        for path in [
            *(c.path for c in inner.columns),
            *([inner.for_each] if inner.for_each else []),
        ]
        for step in path.step.every()
    )


def layout_of(views: Sequence[View], zone: timedelta = NATIONAL) -> Layout:
    """What the views, all of one resource type, together read of it."""
    layout = Layout(Need(views[0].resource))
    # Twice, because what one path needs kept as JSON changes how another reads it.
    for _ in range(2):
        for view in views:
            Stages(view, layout, source=SOURCE, zone=zone).query()
    return layout
