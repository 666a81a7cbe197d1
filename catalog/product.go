// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// A Product is a mail server, filter or proxy that is not Exchange, and the words by
// which exreach knows it. An asterisk stands for anything between them.
type Product struct {
	Name     string // "Dovecot"
	Greeting string // words of a greeting of SMTP, POP3 or IMAP4, in lower case; "" where only Offers counts
	Offers   string // words of a capability, in lower case; "" where only Greeting counts
	Before   bool   // it often stands in front of another server, and may pass on that server's words
	Source   string // where the words come from
}

// Products returns every product that exreach knows, first those that stand in front of
// others. It reads the file at the first call, because few runs need it.
var Products = sync.OnceValue(func() []Product {
	products, _ := readProducts() // a test sees any error
	return products
})

func readProducts() ([]Product, error) {
	var products []Product
	root, err := readDocument(data, "data/products.yaml")
	if err != nil {
		return nil, err
	}
	return products, mapping(root, list("products", func(n *yaml.Node) error {
		var p Product
		before := ""
		err := mapping(n, text("name", &p.Name), spaced("greeting", &p.Greeting), spaced("offers", &p.Offers), word("before", []string{"true"}, &before), text("source", &p.Source))
		p.Greeting, p.Offers, p.Before = strings.ToLower(p.Greeting), strings.ToLower(p.Offers), before != ""
		switch {
		case err != nil:
			return err
		case p.Name == "", p.Source == "", p.Greeting == "" && p.Offers == "":
			return errors.New("a product needs a name, a source, and words of its greeting or of what it offers")
		}
		products = append(products, p)
		return nil
	}))
}

// spaced reads words and keeps the blanks at both ends: these tell a product's name from
// that of a host.
func spaced(name string, to *string) field {
	checked := value(name, func(string) error { return nil })
	return field{name, func(n *yaml.Node) error {
		*to = n.Value
		return checked.read(n)
	}}
}
