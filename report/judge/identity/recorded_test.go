// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// A recording is what a real server said, as it was published, with names and
// addresses replaced. Bytes beyond ASCII stand as letters of Latin-1.
type recording struct {
	What         string   `yaml:"what"`
	Source       string   `yaml:"source"`
	Protocol     string   `yaml:"protocol"`
	Port         uint16   `yaml:"port"`
	Greeting     []string `yaml:"greeting"`
	Capabilities []string `yaml:"capabilities"`
	Request      string   `yaml:"request"`
	Head         string   `yaml:"head"`
	Body         string   `yaml:"body"`
	KnownBy      string   `yaml:"known_by"`

	Product  string   `yaml:"product"`  // that answers
	Versions []string `yaml:"versions"` // of Exchange that the answer allows
	True     string   `yaml:"true"`     // the version that it was; "" where the source does not tell
}

func recordings(t *testing.T) []recording {
	t.Helper()
	var all []recording
	files, err := filepath.Glob("../../testdata/recorded/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var some []recording
		d := yaml.NewDecoder(f)
		d.KnownFields(true)
		if err := d.Decode(&some); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f.Close()
		all = append(all, some...)
	}
	return all
}

// latin1 is a text as the bytes of its letters.
func latin1(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
	}
	return b.String()
}

// answer is the recording as the conversation learns it, and the check that asks.
func (r recording) answer(t *testing.T) Answer {
	t.Helper()
	service := catalog.Service{Name: r.Protocol, Network: catalog.TCP, Ports: catalog.Ports{First: r.Port, Last: r.Port}, Protocol: r.Protocol, TLS: catalog.NoTLS}
	if r.Protocol == "http" {
		method, path, _ := strings.Cut(r.Request, " ")
		service.TLS = catalog.Implicit
		service.HTTP = &catalog.Directory{Path: path, Method: catalog.Method(method), Status: []int{200, 302, 401}}
	}
	client, server := net.Pipe()
	defer client.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		r.play(server)
	}()
	_ = client.SetDeadline(time.Now().Add(10 * time.Second))
	q := protocol.Question{
		Host: "mail.contoso.example", Service: service,
		Session: protocol.Session{At: func(protocol.Step) {}, StartTLS: func(c net.Conn) (net.Conn, error) { return c, nil }},
	}
	peer, err := protocol.Table[r.Protocol].Ask(client, q)
	client.Close()
	<-done
	peer.Clean()
	e := Answer{service: service.Name, protocol: r.Protocol, port: r.Port, verdict: probe.Answered, peer: &peer}
	if service.HTTP != nil {
		e.path = service.HTTP.Path
	}
	if err != nil {
		e.verdict = probe.Mismatch
	}
	return e.withGreeting()
}

// play says what was recorded, and knows no command that nobody gave.
func (r recording) play(conn net.Conn) {
	in := bufio.NewReader(conn)
	say := func(lines ...string) { _, _ = io.WriteString(conn, latin1(strings.Join(lines, "\r\n"))+"\r\n") }
	if r.Protocol == "http" {
		r.playHTTP(in, say)
		return
	}
	say(r.Greeting...)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		tag, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word := strings.ToUpper(tag); {
		case r.Protocol == "smtp" && word == "EHLO" && r.Capabilities != nil:
			lines := slices.Clone(r.Capabilities)
			for i := range lines {
				lines[i] = "250-" + lines[i]
			}
			lines[len(lines)-1] = strings.Replace(lines[len(lines)-1], "-", " ", 1)
			say(lines...)
		case r.Protocol == "smtp" && word == "HELO":
			say("250 mail.contoso.example")
		case r.Protocol == "smtp" && word == "QUIT":
			say("221 bye")
			return
		case r.Protocol == "smtp":
			say("500 5.3.3 Unrecognized command")
		case r.Protocol == "imap" && rest == "CAPABILITY" && r.Capabilities != nil:
			say("* CAPABILITY "+strings.Join(r.Capabilities, " "), tag+" OK CAPABILITY completed.")
		case r.Protocol == "imap" && rest == "LOGOUT":
			say("* BYE", tag+" OK")
			return
		case r.Protocol == "imap":
			say(tag + " OK")
		case r.Protocol == "pop3" && word == "CAPA" && r.Capabilities != nil:
			say(append(append([]string{"+OK"}, r.Capabilities...), ".")...)
		case r.Protocol == "pop3" && word == "QUIT":
			say("+OK")
			return
		case r.Protocol == "pop3":
			say("-ERR Protocol error. 14")
		case word == "QUIT":
			say("205 bye")
			return
		default:
			say("500 Command Not Recognized")
		}
	}
}

// playHTTP answers the first request as recorded, and any other with nothing.
func (r recording) playHTTP(in *bufio.Reader, say func(...string)) {
	for n := 0; ; n++ {
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if strings.TrimSpace(line) == "" {
				break
			}
		}
		if n > 0 {
			say("HTTP/1.1 404 Not Found", "Content-Length: 0", "")
			continue
		}
		var head []string
		for line := range strings.SplitSeq(strings.TrimSpace(r.Head), "\n") {
			name, _, _ := strings.Cut(strings.ToLower(line), ":")
			if name != "content-length" && name != "transfer-encoding" && name != "content-encoding" {
				head = append(head, strings.TrimRight(line, "\r"))
			}
		}
		head[0] = strings.Replace(head[0], "HTTP/2 ", "HTTP/1.1 ", 1)
		say(append(head, "Content-Length: "+strconv.Itoa(len(latin1(r.Body))+len("\r\n")), "", r.Body)...)
	}
}

// TestRecorded: what real servers said is taken for what they were, and for no more
// than it tells.
func TestRecorded(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.What, func(t *testing.T) {
			if r.Source == "" {
				t.Error("no source")
			}
			id := identify([]Answer{r.answer(t)})
			if !slices.Equal(id.Candidates, r.Versions) {
				t.Errorf("candidates %q, want %q, by %q", id.Candidates, r.Versions, id.Reasons())
			}
			if r.True != "" && !slices.Contains(id.Candidates, r.True) {
				t.Errorf("it was %s, and is taken for one of %q", r.True, id.Candidates)
			}
			if got := strings.Join(id.Products, ", "); got != r.Product {
				t.Errorf("product %q, want %q", got, r.Product)
			}
		})
	}
}

// TestRecordedSiblings: what servers of one version said at several ports, put together as
// one host, is that version and no contradiction.
func TestRecordedSiblings(t *testing.T) {
	siblings := map[string][]Answer{}
	for _, r := range recordings(t) {
		if r.True != "" {
			siblings[r.True] = append(siblings[r.True], r.answer(t))
		}
	}
	for version, entries := range siblings {
		id := identify(entries)
		if !slices.Equal(id.Candidates, []string{version}) || id.Contradictory {
			t.Errorf("%s: candidates %q, contradictory %t, by %+v", version, id.Candidates, id.Contradictory, id.Contradictions())
		}
		var protocols []string
		for _, e := range entries {
			if !slices.Contains(protocols, e.protocol) {
				protocols = append(protocols, e.protocol)
			}
		}
		t.Logf("%s: %d answers over %s", version, len(entries), strings.Join(protocols, ", "))
	}
	if len(siblings) < 10 {
		t.Errorf("only %d versions have recorded answers", len(siblings))
	}
}
