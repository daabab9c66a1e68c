"""Runs code from a file whose name is not UTF-8."""

code = compile("def f():\n    return bytearray(1_000_000)\nkept = f()", "/srv/caf\udce9/x.py", "exec")
exec(code)  # noqa: S102
print("went to its end")  # noqa: T201
