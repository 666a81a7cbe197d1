# SPDX-License-Identifier: Apache-2.0
"""Makes reports for checks of the formats.

forge.py SCHEMA plain|hostile [RUN]: a report that has every name of the schema, with every
verdict and want. Its texts are plain words, or an attack each. Both reports have the same
shape, and so must what is made of them. RUN 2 is a later run, from another machine.

forge.py many HOSTS < ONE.jsonl: a stream of many hosts, from that of one. Names,
addresses, certificates and times differ from host to host."""
import hashlib
import json
import sys

FINGERPRINT = "ab" * 32
GRADES = ["pass", "warn", "fail", "unknown"]  # the first three are also cares

# Each text sets a canary, leads to another place, breaks out of its own, or runs as a formula or
# as a command. @ is a number.
ATTACKS = [
    "<script>globalThis.canary=@</script>",
    "</script></style></textarea></title></svg><script>globalThis.canary=@</script>",
    "<img src=x@ onerror=globalThis.canary=@>",
    '"><svg onload=globalThis.canary=@><text>',
    "' onmouseover='globalThis.canary=@' onfocus='globalThis.canary=@' autofocus='",
    "javascript:globalThis.canary=@//",
    "data:text/html,<script>alert(@)</script>",
    "[click](javascript:alert(@)) ![x](http://203.0.113.9/@.png) <http://203.0.113.9/@>",
    "http://203.0.113.9/@ www.contoso.example/@ root@contoso.example [@]: http://203.0.113.9/ '@' [@]",
    "| a | b |\n|---|---|\n| @ | **x** `y` |",
    "*@* **@** _@_ ~~@~~ `@` ``@`` \\`@ &amp; \\| | \\",
    "# @\n\n1. @\n- @\n> @\n***\n===\n    @",
    "{{globalThis.canary=@}} ${globalThis.canary=@} <%= @ %> {% @ %}",
    '=HYPERLINK("http://203.0.113.9/@","x")',
    "+1+@",
    "-1+@",
    "@SUM(@)",
    "\t=1+@",
    "\r\n=1+@",
    ' =1+@',
    ';=1+@;"=1+@";\'=1+@',
    '",=1+@,"\n=1+@',
    "=cmd|' /C calc'!A@",
    "\uff1d1+@",
    "\x1b[31m\x1b]0;@\x07\x9b2J",
    "\u202etxt.@\u2066\u200f\u2028\u2029\ufeff\x00",
    "<style>*{display:none}</style><link rel=stylesheet href=http://203.0.113.9/@>",
    '<meta http-equiv=refresh content="0;url=http://203.0.113.9/@">',
    "<iframe src=http://203.0.113.9/@></iframe><base href=http://203.0.113.9/>",
    "url(http://203.0.113.9/@) expression(alert(@))",
    "--><!--<b>@</b>]]>&lt;b&gt;&#60;i&#62;",
    "```\n<details open ontoggle=globalThis.canary=@>\n```",
    "'; diagnose; $(reboot) `reboot` @ & calc | calc",
]


class Forger:
    """Makes a value of each kind that a schema describes."""

    def __init__(self, schema, hostile):
        self.schema, self.hostile, self.texts, self.choices = schema, hostile, 0, 0

    def text(self):
        self.texts += 1
        if not self.hostile:
            return f"word {self.texts}"
        return ATTACKS[self.texts % len(ATTACKS)].replace("@", str(self.texts))

    def value(self, part):
        """Makes the value that a part of the schema describes, with all its names."""
        while "$ref" in part:
            rest = {name: inner for name, inner in part.items() if name != "$ref"}
            part = self.schema["$defs"][part["$ref"].split("/")[-1]] | rest
        if "const" in part:
            return part["const"]
        if "enum" in part:
            self.choices += 1
            return part["enum"][self.choices % len(part["enum"])]
        match part["type"]:
            case "string":
                return self.string(part)
            case "integer":
                return min(max(part.get("minimum", 1), 5), part.get("maximum", 5))
            case "number":
                return 0.25
            case "boolean":
                return True
            case "array":
                return [self.value(part["items"]) for _ in range(2)]
        return self.object(part)

    def string(self, part):
        if part.get("format") == "date-time":
            return "2026-11-29T04:11:38Z"
        if "{64}" in part.get("pattern", ""):
            return FINGERPRINT
        return self.text()

    def object(self, part):
        made = {name: self.value(inner) for name, inner in part.get("properties", {}).items()}
        if "properties" not in part and "additionalProperties" in part:
            for _ in range(2):
                made[self.text()] = self.value(part["additionalProperties"])
        return made

    def report(self, run):
        """Makes the report of a run. Each asks the same hosts."""
        made_by_readers = ("hosts", "counts", "runs", "results", "certificates")
        head = {name: part for name, part in self.schema["properties"].items() if name not in made_by_readers}
        report = self.object({"properties": head})
        report["started"] = f"2026-11-{28 + run}T04:11:38Z"
        report["machine"] += f" {run}"
        report["certificates"] = {FINGERPRINT: self.value({"$ref": "#/$defs/tabledCertificate"})}
        report["results"] = []
        words = self.schema["$defs"]["entry"]["properties"]
        for want in words["want"]["enum"]:
            host = {"host": self.text(), "site": self.text(), "labels": {self.text(): self.text()}}
            for i, verdict in enumerate(words["verdict"]["enum"]):
                grade, care = GRADES[i % 4], GRADES[i // 4]
                given = {"want": want, "verdict": verdict, "grade": grade, "care": care, "took_s": run / 4}
                report["results"].append(self.result(host | given))
        return report

    def result(self, given):
        """Makes a result with every name, some of them given."""
        entry = self.value({"$ref": "#/$defs/entry"}) | given
        entry.pop("run", None)
        entry["port"] = 1 + self.texts % 65535
        entry["peer"]["tls"]["chain"] = [{"sha256": FINGERPRINT}]
        said = ["time-exceeded", "time-exceeded", "nothing", "prohibited"]
        entry["trace"]["hops"] = [self.value({"$ref": "#/$defs/hop"}) | {"ttl": i + 1, "said": word} for i, word in enumerate(said)]
        return entry


def many(hosts):
    """Writes the lines of as many hosts as are wanted."""
    lines = sys.stdin.read().splitlines()
    was = json.loads(lines[0])["host"]
    number, domain = "".join(filter(str.isdigit, was.split(".")[0])), was.partition(".")[2]
    name = was.split(".")[0].removesuffix(number)
    for i in range(1, hosts + 1):
        address = f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"
        for line in lines:
            entry = json.loads(line.replace(was, f"{name}{i:04}.{domain}").replace("127.0.0.1", address))
            entry["took_s"] = round(entry["took_s"] * (1 + i / hosts), 6)
            for certificate in entry.get("peer", {}).get("tls", {}).get("chain", []):
                certificate["sha256"] = hashlib.sha256(f"{i} {certificate['sha256']}".encode()).hexdigest()
            print(json.dumps(entry))


def main():
    match sys.argv[1:]:
        case ["many", hosts] if hosts.isdigit():
            many(int(hosts))
        case [file, "plain" | "hostile" as kind, *run] if len(run) <= 1:
            with open(file) as schema:
                forger = Forger(json.load(schema), kind == "hostile")
            json.dump(forger.report(int(*run or "1")), sys.stdout, indent=1)
        case _:
            sys.exit(f"usage: {__doc__}")


main()
