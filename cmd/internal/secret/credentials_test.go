// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"exreach/cmd/internal/survey"
)

// Who logs in. The password has what is awkward somewhere.
const (
	aliceName     = `CONTOSO\alice`
	alicePassword = `Zz9-Grüße+$x/"y #1: %`
)

// TestParseCredentials: a value is the rest of its line, whatever YAML would make
// of it, and an error repeats none.
func TestParseCredentials(t *testing.T) {
	for text, want := range map[string][2]string{
		"user: a\npassword: b\n":                         {"a", "b"},
		"password:b\r\nuser:a":                           {"a", "b"},
		"\xef\xbb\xbf# who\n\n  user: a \n\tpassword: b": {"a", "b"},
		"user: a\npassword:  b \t \r\n":                  {"a", "b \t "},
		"user: a\npassword: b\u00a0\n":                   {"a", "b\u00a0"},
		"user: D\\a\npassword: #1: 'x' \"y\"":            {`D\a`, `#1: 'x' "y"`},
		"user: a@b.c\npassword: {x} & *y !z %":           {"a@b.c", "{x} & *y !z %"},
		"user: a\npassword: \"":                          {"a", `"`},
		"user: a\n":                                      {"a", ""},
	} {
		user, password, err := parseCredentials([]byte(text))
		if err != nil || [2]string{user, password} != want {
			t.Errorf("%q: %q, %q, error %v", text, user, password, err)
		}
	}
	const secret = "correct-horse"
	for text, want := range map[string]string{
		"user: a\npasswrod: " + secret:                     "line 2: it is neither a user: line nor a password: line",
		secret:                                             "line 1: it is neither a user: line nor a password: line",
		"a:" + secret:                                      "line 1: it is neither a user: line nor a password: line",
		"Password: " + secret:                              "line 1: it is neither a user: line nor a password: line",
		"user: a\npassword: \"" + secret + "\"":            "line 2: the password must stand there without quotes",
		"user: a\npassword: '" + secret + "' ":             "line 2: the password must stand there without quotes",
		"user: a\npassword:  \t \n":                        "line 2: the password is missing",
		"user: 'a'\npassword: " + secret:                   "line 1: the user must stand there without quotes",
		"user: a\nuser: b\npassword: " + secret:            "line 2: a second user",
		"password: " + secret + "\n#\npassword: " + secret: "line 3: a second password",
		"user: a\npassword:\n":                             "line 2: the password is missing",
		"user: a\npassword: " + secret + "\xff":            "line 2: it is not text in UTF-8",
		"\xff\xfeu\x00s\x00e\x00r\x00:\x00":                "line 1: it is not text in UTF-8",
	} {
		_, _, err := parseCredentials([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%.60q: error %v, want %s", text, err, want)
		}
	}
}

// TestReadCredentials: who else can read the file, and what else is wrong with it.
func TestReadCredentials(t *testing.T) {
	file := t.TempDir() + "/credentials"
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	const good = "user: " + aliceName + "\npassword: " + alicePassword + "\n"
	for _, mode := range []os.FileMode{0o600, 0o400} {
		write(good, mode)
		c, err := Credentials(t.Context(), file, nil)
		if err != nil || c.Name() != aliceName || c.Password.Reveal() != alicePassword {
			t.Errorf("mode %o: %v, error %v", mode, c, err)
		}
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644} {
		if runtime.GOOS == "windows" {
			break // it has no such modes
		}
		write(good, mode)
		_, err := Credentials(t.Context(), file, nil)
		m, ok := err.(*survey.Mistake)
		if want := fmt.Sprintf("credentials %s: others can read or change it (mode %04o)", file, mode); !ok || m.Error() != want || m.Hint != "chmod 600 "+file {
			t.Errorf("mode %o: error %v", mode, err)
		}
	}
	for text, want := range map[string]string{
		"password: " + alicePassword: "the user is missing",
		"user: a":                    "the password is missing",
		"user: \\a\npassword: b":     `the user is not DOMAIN\name, name@domain or a name`,
		strings.Repeat("#", 5000):    "it is too long",
		"nothing":                    "line 1: it is neither a user: line nor a password: line",
	} {
		write(text, 0o600)
		if _, err := Credentials(t.Context(), file, nil); err == nil || err.Error() != "credentials "+file+": "+want {
			t.Errorf("%q: error %v", text, err)
		}
	}
	if _, err := Credentials(t.Context(), t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "it is a folder") {
		t.Errorf("a folder: error %v", err)
	}
}
