// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"regexp"
	"strings"
	"testing"

	"exreach/catalog"
)

// TestProductsSpareExchange: no row of another product fits a greeting of Exchange, nor
// does the name of a host that has the product's name in it.
func TestProductsSpareExchange(t *testing.T) {
	greetings := []string{
		"220 HOST Microsoft ESMTP MAIL Service ready at Sat, 28 Nov 2026 03:00:00 +0000",
		"220 HOST Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675 ready at  Sat, 3 Sep 2011 08:39:16 -0700",
		"220 HOST ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2653.13) ready",
		"+OK Microsoft Exchange Server 2003 POP3 server version 6.5.7638.1 (HOST) ready.",
		"* OK Microsoft Exchange 2000 IMAP4rev1 server version 6.0.6249.0 (HOST) ready.",
		"* OK The Microsoft Exchange IMAP4 service is ready. HOST",
	}
	for _, r := range recordings(t) {
		if strings.HasPrefix(r.Product, Exchange) && r.Versions != nil {
			greetings = append(greetings, r.Greeting...)
		}
	}
	word := regexp.MustCompile(`[A-Za-z0-9-]+`)
	for _, p := range catalog.Products() {
		if p.Greeting == "" {
			continue
		}
		names := []string{"mail.contoso.example"}
		for _, w := range word.FindAllString(p.Greeting, -1) {
			names = append(names, strings.Trim(w, "-")+".contoso.example", strings.Trim(w, "-"))
		}
		for _, g := range greetings {
			for _, name := range names {
				if line := strings.ReplaceAll(g, "HOST", name); matches(line, p.Greeting) {
					t.Errorf("%s: %q fits %q", p.Name, p.Greeting, line)
				}
			}
		}
	}
}
