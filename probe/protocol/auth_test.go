// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// alice is who logs in; her password has what is awkward somewhere.
const alicesPassword = `Zz9-Grüße+$x/"y`

var alice = &Credentials{User: "alice", Domain: "CONTOSO", Password: NewSecret(alicesPassword)}

func TestNewCredentials(t *testing.T) {
	for user, want := range map[string]Credentials{
		`CONTOSO\alice`:     {Domain: "CONTOSO", User: "alice"},
		"alice@contoso.com": {User: "alice@contoso.com"},
		"alice":             {User: "alice"},
	} {
		got, err := NewCredentials(user, "secret")
		if err != nil || got.User != want.User || got.Domain != want.Domain || got.Name() != user {
			t.Errorf("%s: %+v, error %v", user, got, err)
		}
	}
	for _, wrong := range [][2]string{
		{"", "secret-1"}, {`\alice`, "secret-1"}, {`CONTOSO\`, "secret-1"}, {`A\B\c`, "secret-1"},
		{"alice", ""}, {"alice", "secret-1\r\nDELE 1"}, {"alice", "secret-1\x00"}, {"a\nb", "secret-1"},
	} {
		got, err := NewCredentials(wrong[0], wrong[1])
		if err == nil {
			t.Errorf("%q is taken: %v", wrong, got)
		} else if strings.Contains(err.Error(), "secret-1") || wrong[0] != "" && strings.Contains(err.Error(), wrong[0]+" ") {
			t.Errorf("the error repeats what was given: %v", err)
		}
	}
}

// TestPasswordNeverPrinted: whatever prints credentials, or what holds them.
func TestPasswordNeverPrinted(t *testing.T) {
	q := question("smtp", "none")
	q.Credentials = alice
	var said bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%b", "%10s"} {
		for _, value := range []any{*alice, alice, q, &q, []Credentials{*alice}, map[string]*Credentials{"a": alice}, struct{ c *Credentials }{alice}, struct{ c Credentials }{*alice}} {
			fmt.Fprintf(&said, verb+"\n", value)
		}
	}
	fmt.Fprintln(&said, alice, *alice, fmt.Errorf("log in as %v", alice))
	for _, handler := range []slog.Handler{slog.NewTextHandler(&said, nil), slog.NewJSONHandler(&said, nil)} {
		slog.New(handler).Info("here", "who", alice, "also", *alice, "in", struct{ C *Credentials }{alice})
	}
	for _, value := range []any{alice, *alice, struct{ C Credentials }{*alice}} {
		asJSON, _ := json.Marshal(value)
		asXML, _ := xml.Marshal(value)
		said.Write(asJSON)
		said.Write(asXML)
	}
	if !strings.Contains(said.String(), `{alice CONTOSO `) {
		t.Error("nothing was printed at all")
	}
	checkNoPassword(t, said.String())
}

// checkNoPassword fails the test where text holds alice's password in a form
// that it could be read from.
func checkNoPassword(t *testing.T, text string) {
	t.Helper()
	for _, shape := range []string{
		alicesPassword, "Zz9-Gr", strings.Trim(fmt.Sprintf("%+q", alicesPassword), `"`), utf16LE(alicesPassword),
		fmt.Sprintf("%x", alicesPassword), fmt.Sprintf("%X", alicesPassword),
		base64.StdEncoding.EncodeToString([]byte(alicesPassword))[:16],
		base64.StdEncoding.EncodeToString([]byte("\x00" + alice.Name() + "\x00" + alicesPassword))[20:],
		base64.StdEncoding.EncodeToString([]byte(utf16LE(alicesPassword)))[:24],
	} {
		if strings.Contains(text, shape) {
			at := strings.Index(text, shape)
			t.Errorf("%q is to be seen in %q", shape, text[max(0, at-100):min(len(text), at+100)])
		}
	}
}

func utf16LE(text string) string { return utf16Text(text, binary.LittleEndian) }
