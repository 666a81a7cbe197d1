// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge/scene"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	const file = "testdata/network.html"
	got := withoutFiles(t, string(finish(t, traced()).write(t)))
	if *update {
		if err := os.WriteFile(filepath.FromSlash(file), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (refresh it with -update)", file)
	}
}

var hash = regexp.MustCompile(`sha256-.*?=&#39;`)

// withoutFiles names the style and the script of a page, which have files of their own, instead
// of repeating them. Both must stand in it once, as they are.
func withoutFiles(t *testing.T, page string) string {
	t.Helper()
	for _, f := range []struct{ name, text string }{{"page.css", style}, {"page.js", script}} {
		if n := strings.Count(page, ">"+f.text+"</"); n != 1 {
			t.Errorf("%s stands %d times in the page", f.name, n)
		}
		page = strings.Replace(page, f.text, f.name, 1)
	}
	return hash.ReplaceAllString(page, "sha256-...&#39;")
}

// elements parses a page and returns its elements in their order.
func elements(t testing.TB, page []byte) []*html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var text strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text.WriteString(d.Data)
		}
	}
	return text.String()
}

func isOf(n *html.Node, class string) bool {
	return strings.Contains(" "+attribute(n, "class")+" ", " "+class+" ")
}

// The policy allows the script and the style of the page, by what is in them, and nothing
// else. Nothing in the page comes from elsewhere.
func TestPolicy(t *testing.T) {
	all := elements(t, finish(t, traced()).write(t))
	policy := ""
	for _, n := range all {
		if attribute(n, "http-equiv") == "Content-Security-Policy" {
			policy = attribute(n, "content")
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, n := range all {
		switch n.Data {
		case "script", "style":
			if !strings.Contains(policy, n.Data+"-src "+hashOf(textOf(n))+";") {
				t.Errorf("the policy does not allow the %s of the page: %q", n.Data, policy)
			}
		case "link", "img", "iframe", "object", "embed", "form", "base":
			t.Errorf("the page has <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || a.Key == "src" || strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
}

// Every link leads to one place, and every cell of the grid to a row with its service.
func TestLinks(t *testing.T) {
	f := finish(t, traced())
	all := elements(t, f.write(t))
	places := map[string]*html.Node{}
	for _, n := range all {
		id := attribute(n, "id")
		if places[id] != nil && id != "" {
			t.Errorf("the id %s stands twice", id)
		}
		places[id] = n
	}
	cells := 0
	cell := regexp.MustCompile(`^#h(\d+)c(\d+)$`)
	for _, n := range all {
		to := attribute(n, "href")
		if n.Data != "a" {
			continue
		}
		place := places[strings.TrimPrefix(to, "#")]
		if place == nil {
			t.Errorf("%s leads nowhere", to)
			continue
		}
		if m := cell.FindStringSubmatch(to); m != nil {
			cells++
			var column int
			fmt.Sscan(m[2], &column)
			row := place
			for !isOf(row, "r") {
				row = row.Parent
			}
			if service := f.head.Grid.Columns[column].Service; !strings.Contains(textOf(row), service) {
				t.Errorf("%s leads to %q, which is not about %s", to, textOf(row), service)
			}
		}
	}
	want := 0
	for _, row := range f.head.Grid.Rows {
		want += len(row.Cells)
	}
	if cells != want {
		t.Errorf("%d cells lead to rows, want %d", cells, want)
	}
}

// Every result has its row below its host, with its grade in a word; nothing needs the script.
// With more than manyHosts hosts, rows that are as wanted are brief.
func TestEveryRow(t *testing.T) {
	for name, results := range map[string][]probe.Result{"few": traced(), "many": farm(manyHosts + 1)} {
		t.Run(name, func(t *testing.T) {
			f := finish(t, results)
			rows, brief := rowsOf(t, f.write(t))
			if many := len(f.hosts) > manyHosts; many != (brief > 0) {
				t.Errorf("%d rows of %d hosts are brief", brief, len(f.hosts))
			}
			for _, e := range slices.Concat(f.hosts...) {
				if !slices.ContainsFunc(rows[e.Host], func(row string) bool { return isAbout(row, e) }) {
					t.Errorf("%s of %s has no row", e.Service, e.Host)
				}
			}
		})
	}
}

// rowsOf returns the texts of a page's rows, by their host, and how many of them are brief.
func rowsOf(t *testing.T, page []byte) (map[string][]string, int) {
	t.Helper()
	rows, brief, host := map[string][]string{}, 0, ""
	for _, n := range elements(t, page) {
		switch {
		case n.Data == "h3":
			host = textOf(n)
		case n.Data == "summary" && isOf(n.Parent, "r"):
			rows[host] = append(rows[host], textOf(n))
		case n.Data == "div" && isOf(n, "r"):
			rows[host] = append(rows[host], textOf(n))
			brief++
		}
		if isOf(n, "r") && isHidden(n) {
			t.Errorf("a row of %s is hidden", host)
		}
	}
	return rows, brief
}

// isAbout reports whether the text of a row is about a result.
func isAbout(row string, e content.Entry) bool {
	for _, part := range []string{e.PortText(), e.VerdictText(), e.Service} {
		if !strings.Contains(row, part) {
			return false
		}
	}
	return strings.HasPrefix(row, string(e.Grade))
}

// isHidden reports whether an element, or one around it, has the attribute hidden.
func isHidden(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "hidden" }) {
			return true
		}
	}
	return false
}

// Of a host with very many ports, what is as wanted is counted beyond the first, and what is
// not stands there in full.
func TestManyPorts(t *testing.T) {
	const ports = 3000
	s := &scene.Scene{Host: "mail01.contoso.com", Address: "192.0.2.10", From: "client"}
	for port := range ports {
		change := from
		if port%1000 == 999 {
			change = scene.Verdict(probe.Refused, "connection refused (RST)")
		}
		s.Add(fmt.Sprint("port-", port+1), uint16(port+1), scene.All(func(r *probe.Result) { r.Check.Version, r.Check.Service.Role = "", "" }, change))
	}
	page := string(finish(t, s.Results).write(t))
	if n := strings.Count(page, `<details class="r f o"`); n != 3 {
		t.Errorf("%d rows fail, want 3", n)
	}
	if n := strings.Count(page, `<details class="r p`); n != manyPassing {
		t.Errorf("%d rows pass, want %d", n, manyPassing)
	}
	if want := fmt.Sprintf("%d ports as wanted, not shown one by one", ports-3-manyPassing); !strings.Contains(page, want) {
		t.Errorf("nothing says %q", want)
	}
}

// The page of a joined report says who reaches which host, and leads there.
func TestJoined(t *testing.T) {
	f := finish(t, farm(2))
	f.head.Runs = []content.Run{{Name: "berlin", Machine: "berlin"}, {Name: "hamburg", Machine: "hamburg", Unasked: 3}}
	f.head.Hosts[0].Run, f.head.Hosts[1].Run, f.head.Hosts[0].Ports = 1, 2, []string{"587/tcp", "993/tcp"}
	f.head.Grid.Rows[0].Run, f.head.Grid.Rows[1].Run = 1, 2
	page := string(f.write(t))
	for _, want := range []string{
		`<th scope="col"><small>from</small> berlin`, `<a href="#h1">fail <span>587/tcp, 993/tcp</span></a><td>`, `<td><td class="p"><a href="#h2">pass</a>`,
		"3 hosts not asked", "mail0000.contoso.com from berlin",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// The pages of many hosts are small enough to send, and quickly written.
func TestSize(t *testing.T) {
	for _, test := range []struct{ hosts, bytes int }{{60, 1e6}, {1000, 12e6}} {
		f := finish(t, farm(test.hosts))
		began := time.Now()
		page := f.write(t)
		t.Logf("%d hosts: %d bytes in %v", test.hosts, len(page), time.Since(began))
		if len(page) > test.bytes {
			t.Errorf("%d hosts have %d bytes, more than %d", test.hosts, len(page), test.bytes)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	for _, hosts := range []int{60, 1000} {
		f := finish(b, farm(hosts))
		b.Run(fmt.Sprint(hosts), func(b *testing.B) {
			for b.Loop() {
				b.SetBytes(int64(len(f.write(b))))
			}
		})
	}
}
