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
	if d.joined == 0 {
		if err := d.begin(); err != nil {
			return err
		}
	}
	return d.list("results", func(n int, text []byte) error {
		var e content.Entry
		if err := d.unmarshal(text, "results", is, &e); err != nil {
			return err
		}
		run, err := d.runOf(e.Run)
		if err != nil {
			return fmt.Errorf("line %d: result %d: %w", d.lineOf(text, "run"), n, err)
		}
		err = d.check.entry(&e, run, d.line())
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

// runs reads the runs of a joined report.
func (d *document) runs(is *shape) error {
	if d.whole {
		return fmt.Errorf("line %d: \"runs\" stands behind the results: exreach writes it before them", d.line())
	}
	return d.list("runs", func(n int, text []byte) error {
		var run content.Run
		if err := d.unmarshal(text, "runs", is, &run); err != nil {
			return err
		}
		if err := d.takeRun(text, run); err != nil {
			return fmt.Errorf("line %d: run %d: %w", d.line(), n, err)
		}
		return nil
	})
}

// takeRun takes one run of a joined report.
func (d *document) takeRun(text []byte, run content.Run) error {
	if err := d.check.keep(text); err != nil {
		return err
	}
	if err := badStart(run.Started); err != nil {
		return err
	}
	if err := badCount("unasked", run.Unasked); err != nil {
		return err
	}
	number, err := d.check.begin(run)
	if d.joined++; d.joined == 1 {
		d.first = number
	}
	return err
}

// runOf returns the number of a run among those of all reports, by that in the document.
func (d *document) runOf(number int) (int, error) {
	switch {
	case d.joined == 0 && number == 0:
		return d.first, nil
	case d.joined == 0:
		return 0, fmt.Errorf("it is of run %d, and no \"runs\" stand before the results", number)
	case number == 0:
		return 0, errors.New("the run is missing: in a joined report each result has the number of its run")
	case number < 1 || number > d.joined:
		return 0, fmt.Errorf("it is of run %d, and the report has %s", number, catalog.Count(d.joined, "run"))
	}
	return d.first + number - 1, nil
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
		if d.check.has(print) {
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
