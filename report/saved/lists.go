// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"errors"
	"fmt"

	"exreach/catalog"
	"exreach/probe/protocol/tls12"
	"exreach/report/content"
)

// results reads the results, and passes them on one by one.
func (d *document) results(is *shape) error {
	d.whole = true
	if d.named {
		d.know()
	}
	return d.list("results", func(n int, text []byte) error {
		var e content.Entry
		if err := d.unmarshal(text, "results", is, &e); err != nil {
			return err
		}
		err := d.check.entry(&e, d.line())
		word := (*catalog.WordError)(nil)
		switch {
		case errors.As(err, &word):
			return fmt.Errorf("line %d: result %d: %w", d.lineOf(text, word.Kind), n, word)
		case err != nil:
			return fmt.Errorf("line %d: result %d: %w", d.line(), n, err)
		}
		return nil
	})
}

// list reads a list one value at a time.
func (d *document) list(name string, take func(n int, text []byte) error) error {
	if err := d.begins('[', name); err != nil {
		return err
	}
	for n := 1; d.values.More(); n++ {
		text, err := d.next()
		if err == nil {
			err = take(n, text)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.values.Token()
	return d.explain(err)
}

func (d *document) skipList(name string) error {
	return d.list(name, func(int, []byte) error { return nil })
}

// certificates reads the certificates, and passes them to the draft.
func (d *document) certificates(is *shape) error {
	if err := d.begins('{', "certificates"); err != nil {
		return err
	}
	for d.values.More() {
		print, err := d.name()
		if err != nil {
			return err
		}
		text, err := d.next()
		if err != nil {
			return err
		}
		var cert tls12.Certificate
		if err := d.unmarshal(text, "certificates", is, &cert); err != nil {
			return err
		}
		clean(&cert)
		cert.SHA256 = print
		if _, known := d.check.certificates[print]; known {
			err = twice(print)
		} else {
			err = d.check.certificate(cert)
		}
		if err != nil {
			return fmt.Errorf("line %d: certificates: %w", d.line(), err)
		}
		d.check.to.Learn(cert)
	}
	_, err := d.values.Token()
	return d.explain(err)
}
