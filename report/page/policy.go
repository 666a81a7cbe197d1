// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// policy is the page's Content Security Policy: it loads nothing, sends nothing, and runs no
// script but its own, whatever a peer has said (https://www.w3.org/TR/CSP3/, sections 2.3.1
// and 6.7.3).
func policy() string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src " + hashOf(script),
		"style-src " + hashOf(style),
		"base-uri 'none'",
		"form-action 'none'",
	}, "; ")
}

// hashOf is how a policy names the text of an element.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
