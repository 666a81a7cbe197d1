// SPDX-License-Identifier: Apache-2.0

package quote

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func TestMarkdown(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"no reply, 2 tries in 7.0 s":       "no reply, 2 tries in 7.0 s",
		"587/tcp smtp-submission":          "587/tcp smtp-submission",
		"from 192.0.2.10 (this computer).": "from `192.0.2.10` (this computer).",
		"ask mail01.contoso.com, then":     "ask `mail01.contoso.com`, then",
		"2001:db8::10":                     "`2001:db8::10`",
		"[x](http://y) ![z](w)":            "`[x](http://y`) `![z](w`)",
		"*a* _b_ __c__":                    `\*a\* \_b\_ \_\_c\_\_`,
		`DOMAIN\user`:                      `DOMAIN\\user`,
		"<script>alert(1)</script>":        "`<script>alert(1)</script>`",
		"a <!-- b":                         "a `<!--` b",
		"&lt;b&gt;":                        "`&lt;b&gt`;",
		"@all see #12, !7 and ~bug":        "`@all` see `#12`, `!7` and `~bug`",
		"mail to (admin@contoso.com).":     "mail to (`admin@contoso.com`).",
		"see WWW.contoso.com":              "see `WWW.contoso.com`",
		"fixed by (GH-12), gh-7.":          "fixed by (`GH-12`), `gh-7`.",
		"at 16c999e8c71134401a78d4d46435517b2271d6ac, or 16C999E": "at `16c999e8c71134401a78d4d46435517b2271d6ac`, or `16C999E`",
		"TLS-12 in 1500 ms, decade":                               "TLS-12 in 1500 ms, decade",
		":smile:":                                                 "`:smile`:",
		"`a` ``b``":                                               "`` `a` `` ``` ``b`` ```",
		"# head":                                                  "`#` head",
		"> said":                                                  "`>` said",
		"- item":                                                  `\- item`,
		"+ item":                                                  `\+ item`,
		"=== ":                                                    `\===`,
		"1. item":                                                 `1\. item`,
		"12) item":                                                `12\) item`,
		"  \tcode":                                                `\\tcode`,
		"a\n# b":                                                  "`a\\n#` b",
		"a\u202eb":                                                `a\\u202eb`,
		"a | b":                                                   "a | b",
	} {
		if got := Markdown(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	for text, want := range map[string]string{
		"":            "",
		"  ":          "",
		"mail01":      "`mail01`",
		"a`b":         "``a`b``",
		"`":           "`` ` ``",
		"``a":         "``` ``a ```",
		"a\r\nb":      "`a\\r\\nb`",
		"*a* <b> [c]": "`*a* <b> [c]`",
	} {
		if got := Code(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got, want := TableCell(Code("a|b")+" c|d"), "`a\\|b` c\\|d"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// pieces are what Markdown and trackers make something of.
var pieces = []string{
	"a", " ", "*", "**", "_", "`", "```", "~~", "[", "](", ")", "!", "<b>", "</b>", "&#60;", "#", "#1", "1.", "2)", "-", "+", "=", "|", `\`,
	"@a", "a@b.c", "www.b.c", "http://a", "://", "$a$", ":a:", ">", "\n", "\r", "\t", "é", "a.b",
}

// Whatever stands together, outside code spans nothing is left that means something.
func TestMarkdownMeansNothing(t *testing.T) {
	for _, a := range pieces {
		for _, b := range pieces {
			for _, c := range pieces {
				checkPlain(t, a+b+c)
				checkPlain(t, a+" "+b+c+"a")
			}
		}
	}
}

var (
	begins = regexp.MustCompile("^(?:[-+=:#>~]|[0-9]+[.)]|    )")
	means  = regexp.MustCompile("[*_`<>&#@$~]|\\[|\\]|\\\\|://|www\\.|[a-z]\\.[a-z]")
)

func checkPlain(t *testing.T, text string) {
	t.Helper()
	markdown := Markdown(text)
	if strings.ContainsFunc(markdown, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q is not printable: %q", text, markdown)
	}
	if begins.MatchString(markdown) {
		t.Errorf("%q begins a block: %s", text, markdown)
	}
	if rest := withoutCode(markdown); means.MatchString(rest) {
		t.Errorf("%q means something: %s", text, markdown)
	}
}

// withoutCode takes code spans and escaped characters out of Markdown: a code span ends at
// the next run of as many backticks as it begins with (CommonMark, section 6.1).
func withoutCode(markdown string) string {
	var out strings.Builder
	for rest := markdown; rest != ""; {
		run := len(rest) - len(strings.TrimLeft(rest, "`"))
		switch {
		case run > 0:
			end := endOfCode(rest[run:], run)
			if end < 0 {
				return out.String() + rest
			}
			rest = rest[run+end:]
		case rest[0] == '\\' && len(rest) > 1:
			rest = rest[2:]
		default:
			out.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	return out.String()
}

// endOfCode returns where the code span ends that so many backticks began; -1 if it does not.
func endOfCode(text string, fence int) int {
	for i := 0; i < len(text); {
		run := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		if i += max(run, 1); run == fence {
			return i
		}
	}
	return -1
}
