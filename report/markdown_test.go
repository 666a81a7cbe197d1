// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/route"
	"exreach/report/judge/scene"
)

// attacks are texts that make something of a ticket: links, pictures, HTML, mentions, blocks,
// more cells of a table.
var attacks = []string{
	"[click](https://evil.example/)", "![x](https://evil.example/x.png)", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
	"@everyone see #1, www.evil.example and https://evil.example/", "# heading", "> quoted", "- item", "1. item", "=====", "-----", "```", "~~~",
	"a | b | c", `a \| b`, "**bold** _thin_ ~~gone~~ `code` ``", "&lt;script&gt; &#60;b&#62;", "x\r\n# heading\n\n| a |\n| - |", "</td></tr></table><h1>", "[x]: https://evil.example/", "",
}

// hostileTicket has a host for each attack, with the attack in every field of a result.
func hostileTicket() content.Report {
	r := content.Report{Schema: content.Schema, Tool: attacks[0], From: attacks[4], Machine: attacks[2], Started: scene.Began}
	for i, attack := range attacks {
		e := content.Entry{
			Host: attack + fmt.Sprintf(" %d", i), Version: attack, Role: attack, Service: attack, Network: "tcp", Port: 25, Protocol: "smtp", TLS: "none",
			Want: "required", Address: attack, Source: attack, Verdict: probe.Mismatch, Grade: judge.Fail, Care: judge.Warn, Step: "talk", Steps: []content.Step{},
			Detail: attack, Evidence: attack, SaidBy: attack, Site: attack, Labels: map[string]string{attack: attack},
			Findings: []judge.Finding{
				{Code: "mismatch", Text: attack + fmt.Sprint(i), Hint: "hint " + attack + fmt.Sprint(i), Weight: judge.Fail, WeighsOn: judge.OnGrade},
				{Code: attack, Text: fmt.Sprint(i) + attack, Hint: attack + "!", Weight: judge.Warn, WeighsOn: judge.OnCare},
			},
		}
		timedOut := e
		timedOut.Port, timedOut.Verdict, timedOut.Trace = 26, probe.TimedOut, &content.Trace{Outcome: route.Blocked, Sentence: attack + " stops", After: attack, Hops: []content.Hop{}}
		r.Results = append(r.Results, e, timedOut)
	}
	return r
}

// A ticket made of hostile texts has the lines that exreach writes, and every row of its
// table has seven cells. The golden is for a Markdown program, too: it may have no link, picture, heading or HTML.
func TestMarkdownHostile(t *testing.T) {
	got := write(t, "markdown", hostileTicket(), content.Style{Verbose: true}) // all of it
	checkHarmless(t, "markdown", got)
	rows := 0
	for line := range strings.Lines(got) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "| "):
			if cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); cells != 8 {
				t.Errorf("%d bars: %s", cells, line)
			}
			rows++
		case line == "", strings.HasPrefix(line, "- "), strings.HasPrefix(line, "  - "), strings.HasPrefix(line, "    - "), strings.HasPrefix(line, "**"):
		case strings.HasSuffix(line, ":"), strings.HasPrefix(line, "Asked "), strings.Contains(line, " checks on "):
		default:
			t.Errorf("a line that exreach does not write: %s", line)
		}
	}
	if want := 2 + 2*len(attacks); rows != want {
		t.Errorf("%d rows, want %d", rows, want)
	}
	golden(t, "hostile.md", got)
}

// Hosts with the same problems stand once in the table, and each of them is named below.
func TestMarkdownFolds(t *testing.T) {
	s := &scene.Scene{Version: "2019", Role: "mailbox", From: "client"}
	for i := range 9 {
		s.Host, s.Address = fmt.Sprintf("mail%02d.contoso.com", i), fmt.Sprintf("192.0.2.%d", i)
		s.Add("smtp", 25, scene.Verdict(probe.Refused, "refused"))
		s.Add("owa", 443, nil)
	}
	got := write(t, "markdown", draft(s.Results), content.Style{})
	for _, want := range []string{
		"**9 of 9 hosts are not as wanted: 25/tcp refused on 9 of 9 hosts.**\n",
		"\n- 25/tcp smtp (refused) on 9 of 9 hosts\n",
		"\n| `mail00.contoso.com` and 8 more | such as `192.0.2.0` | 25/tcp | smtp | refused | fail | refused |\n\n",
		"\n- `mail00.contoso.com` stands for 9 hosts: `mail00.contoso.com` (`192.0.2.0`), `mail01.contoso.com`",
		"`mail08.contoso.com` (`192.0.2.8`)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// A tracker takes a ticket however much is wrong, and the ticket counts what it leaves out.
func TestMarkdownFits(t *testing.T) {
	const hosts, ports = 200, 12
	r := content.Report{Schema: content.Schema}
	for i := range hosts * ports {
		text := fmt.Sprintf("%d %s", i, strings.Repeat("what is wrong, ", 9))
		for _, twin := range []string{"", "-twin"} { // each host has another one that is alike
			r.Results = append(r.Results, content.Entry{
				Host: fmt.Sprintf("mail%03d%s.contoso.com", i/ports, twin), Version: "2019", Role: "mailbox", Service: fmt.Sprint("service", i), Network: "tcp", Port: uint16(i + 1),
				Want: "required", Address: fmt.Sprintf("192.0.2.%d", i/ports), Verdict: probe.Mismatch, Grade: judge.Fail, Care: judge.Warn, Detail: text,
				Findings: []judge.Finding{
					{Code: "mismatch", Text: text, Hint: "do " + text, Weight: judge.Fail, WeighsOn: judge.OnGrade},
					{Code: fmt.Sprint("care", i), Text: "beside " + text, Hint: "mend " + text, Weight: judge.Warn, WeighsOn: judge.OnCare},
				},
			})
		}
	}
	slices.SortStableFunc(r.Results, func(a, b content.Entry) int { return strings.Compare(a.Host, b.Host) })
	got := write(t, "markdown", r, content.Style{})
	if len(got) >= 65_536 || len(got) < 30_000 {
		t.Errorf("%d characters", len(got))
	}
	rest := regexp.MustCompile(`^(?:- )?and (\d+) more; the whole report has them$`)
	for title, all := range map[string]int{"| host ": hosts * ports, "Hosts that are alike:": hosts, "What to do:": 2 * hosts * ports, "Beside reachability:": 3 * hosts * ports} {
		_, part, _ := strings.Cut(got, "\n"+title)
		lines := strings.FieldsFunc(part, func(r rune) bool { return r == '\n' })
		last := slices.IndexFunc(lines, rest.MatchString)
		if last < 0 {
			t.Fatalf("%s no line counts what is left out", title)
		}
		more, _ := strconv.Atoi(rest.FindStringSubmatch(lines[last])[1])
		kept := slices.DeleteFunc(lines[:last], func(line string) bool {
			return !strings.HasPrefix(strings.TrimLeft(line, " "), "- ") && !strings.HasPrefix(line, "| `")
		})
		if len(kept) == 0 || len(kept)+more != all {
			t.Errorf("%s %d lines and %d more, want %d", title, len(kept), more, all)
		}
	}
	if all := write(t, "markdown", r, content.Style{Verbose: true}); strings.Contains(all, "whole report") || strings.Count(all, "\n| `mail") != hosts*ports {
		t.Error("--verbose leaves something out")
	}
}

// Where nothing is wrong, the answer is all there is to say.
func TestMarkdownOfWhatIsWanted(t *testing.T) {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	s.Add("smtp", 25, nil)
	const want = "**`mail01.contoso.com`: The required service is reachable.**\n\nAsked 2026-03-02 09:30 UTC from admin01 as client.\n\n1 check on 1 host in 7.2 s: 1 pass.\n"
	if got := write(t, "markdown", draft(s.Results), content.Style{}); got != want {
		t.Errorf("got %s", got)
	}
	if got := write(t, "markdown", draft(nil), content.Style{}); got != "**Nothing was checked: the plan has no service for these hosts.**\n\n" {
		t.Errorf("got %q", got)
	}
}
