// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/base64"
	"slices"
	"strings"
)

// A desk is a server's side of a login in lines of Base64.
type desk struct {
	accounts  []Credentials
	challenge string // what stands before one
	next      func(line string) []string
	// next answers the line that a login waits for; nil where none does.
}

// lets reports whether somebody may log in.
func lets(accounts []Credentials, name, password string) bool {
	return slices.ContainsFunc(accounts, func(c Credentials) bool {
		return strings.EqualFold(c.Name(), name) && c.Password.Reveal() == password
	})
}

// begin starts a login by a mechanism; nil says that there is none.
func (d *desk) begin(mechanism, yes, no string) []string {
	judge := func(name, password string) []string {
		d.next = nil
		if lets(d.accounts, name, password) {
			return []string{yes}
		}
		return []string{no}
	}
	switch {
	case len(d.accounts) == 0:
		return nil
	case mechanism == "PLAIN":
		return d.ask("", func(said string) []string {
			parts := strings.Split(said, "\x00")
			if len(parts) != 3 {
				return judge("", "")
			}
			return judge(parts[1], parts[2])
		})
	case mechanism == "LOGIN":
		return d.ask("Username:", func(name string) []string {
			return d.ask("Password:", func(password string) []string { return judge(name, password) })
		})
	}
	return nil
}

// ask sends a challenge and leaves its answer to then.
func (d *desk) ask(prompt string, then func(said string) []string) []string {
	d.next = func(line string) []string {
		said, _ := base64.StdEncoding.DecodeString(line)
		return then(string(said))
	}
	return []string{d.challenge + base64.StdEncoding.EncodeToString([]byte(prompt))}
}
