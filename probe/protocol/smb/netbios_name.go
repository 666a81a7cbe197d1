// SPDX-License-Identifier: Apache-2.0

package smb

import "strings"

// A Name is fifteen characters and a suffix, which says what the name
// stands for (Microsoft KB163409).
type Name [16]byte

const (
	netbiosTextSize    = 15
	netbiosEncodedSize = 34
)

// The suffixes of the names that every Windows host has.
const (
	Workstation = 0x00 // and with a group name the domain
	Server      = 0x20
)

// NewName returns the name as Windows writes it: in upper case, cut to
// fifteen characters and padded with spaces.
func NewName(text string, suffix byte) Name {
	var n Name
	text = strings.ToUpper(text) + strings.Repeat(" ", netbiosTextSize)
	copy(n[:netbiosTextSize], text)
	n[netbiosTextSize] = suffix
	return n
}

// Text is the name without padding and suffix.
func (n Name) Text() string {
	return strings.TrimRight(string(n[:netbiosTextSize]), " \x00")
}

// Suffix tells what the name is registered for.
func (n Name) Suffix() byte { return n[netbiosTextSize] }

// Encoded is the name as packets carry it where there is no scope: a label of
// two letters for each octet (RFC 1001 section 14.1).
func (n Name) Encoded() []byte {
	out := []byte{2 * byte(len(n))}
	for _, b := range n {
		out = append(out, 'A'+b>>4, 'A'+b&0x0f)
	}
	return append(out, 0)
}
