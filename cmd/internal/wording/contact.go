// SPDX-License-Identifier: Apache-2.0

package wording

import (
	"fmt"
	"strings"

	"exreach/cmd/internal/contact"
	"exreach/probe/far"
)

// Place says where a listener is.
func Place(l contact.Listener) string {
	if l.Host == l.Address.String() {
		return l.Host
	}
	return fmt.Sprintf("%s (%s)", l.Host, l.Address)
}

// OfContact puts an event of a contact into words; "" if it needs none.
func OfContact(e contact.Event) string {
	switch e := e.(type) {
	case contact.Made:
		return fmt.Sprintf("contact with listener %s at %s, over port %d: asking again, both ends record", e.Contact.Listener, Place(e.Listener), e.Contact.Over)
	case contact.Missed:
		return fmt.Sprintf("no contact with the listener at %s: %s", Place(e.Listener), whyMissed(e.Contact))
	case contact.Unused:
		return fmt.Sprintf("the code was not used: nothing that answers at %s bears the mark of exreach listen, and the code goes to nothing else. If the listener runs there, it may turn this address away (--allow there), the ports that were checked may not be its own (check more, such as without --only), or a proxy on the way answers for it", Place(e.Listener))
	case contact.Unreversed:
		return fmt.Sprintf("the listener at %s did not check back: %v", Place(e.Listener), e.Err)
	case contact.Unfinished:
		return fmt.Sprintf("the contact with the listener at %s ended early: %s", Place(e.Listener), whyMissed(e.Contact))
	}
	return ""
}

// OfInterrupted is OfContact for a run that was interrupted: neither the network nor the code
// is to blame for a contact that did not come about.
func OfInterrupted(e contact.Event) string {
	switch e := e.(type) {
	case contact.Missed:
		return fmt.Sprintf("interrupted before the contact with the listener at %s", Place(e.Listener))
	case contact.Unfinished:
		return fmt.Sprintf("interrupted during the contact with the listener at %s", Place(e.Listener))
	case contact.Unreversed:
		return fmt.Sprintf("interrupted before the listener at %s had checked back", Place(e.Listener))
	}
	return OfContact(e)
}

// whyMissed says why there is no contact, and what to do.
func whyMissed(c far.Contact) string {
	if c.Failed == far.NoWay && strings.Contains(c.Note, "refused") {
		return "the listener no longer answers there: start it again"
	}
	why := map[far.ContactFailure]string{
		far.NoCode:       "no code is known; set EXREACH_CODE to the one that it shows, or name a file with --code-file",
		far.WrongCode:    "the code is not that of this listener, or a proxy on the way opens TLS at every port; compare it with what the listener shows",
		far.OtherVersion: "it is of another version of exreach; use the same version at both ends",
		far.NoWay:        "no port lets TLS through to it; save JSON at both ends and join them: exreach report --join NEAR.json FAR.json",
		far.Broken:       "the contact broke; check again",
	}[c.Failed]
	if note := strings.TrimRight(c.Note, ". "); note != "" {
		why += " (" + note + ")"
	}
	return why
}
