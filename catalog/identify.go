// SPDX-License-Identifier: Apache-2.0

package catalog

// Auto is the word for the version that a host admits to.
const Auto = "auto"

// SupportRoles are the roles whose hosts need not run the version that they
// serve: what they say of themselves tells nothing about Exchange.
var SupportRoles = []string{"domain-controller", "dns", "witness", "internet", "relay", "office-online", "rms", "ocs", "um-gateway", "adfs"}

// telling is the services whose answers tell a version, each as the row that
// asks for it in its latest form. The fewer versions stand here, the fewer files
// are read.
var telling = []struct{ version, role, service string }{
	{DefaultVersion, "mailbox", "smtp"},
	{DefaultVersion, "mailbox", "owa"},
	{DefaultVersion, "mailbox", "ews"},
	{DefaultVersion, "mailbox", "activesync"},
	{DefaultVersion, "mailbox", "imap"},
	{DefaultVersion, "mailbox", "pop3"},
	{"2003", "back-end", "nntp"},
	{"2003", "back-end", "link-state"},
}

// Identify returns the checks that make a host say which version it runs.
func (c *Catalog) Identify(host, from string) []Check {
	var checks []Check
	for _, t := range telling {
		v, err := c.Version(t.version)
		if err != nil {
			continue // a catalogue of the user's may lack it
		}
		for _, s := range v.servicesOf(t.role) {
			if s.Name == t.service && s.Unasked == "" {
				checks = append(checks, Check{Host: host, Version: t.version, Service: s, From: from, Want: Optional})
			}
		}
	}
	return Number(checks, 0)
}
