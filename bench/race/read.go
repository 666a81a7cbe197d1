// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// read counts the verdicts in an entrant's output, which is nmap's XML or exreach's JSON.
func (t *tally) read(r io.Reader) error {
	in := bufio.NewReader(r)
	first, err := in.Peek(1)
	switch {
	case err != nil:
		return fmt.Errorf("there is none: %w", err)
	case first[0] == '<':
		return t.readNmap(in)
	}
	return t.readExreach(in)
}

// An entry is the part of a result in exreach's JSON that counts here.
type entry struct {
	Address  string `json:"address"`
	Port     uint16 `json:"port"`
	Verdict  string `json:"verdict"`
	Findings []struct {
		Code string `json:"code"`
	} `json:"findings"`
}

// readExreach reads --format json, a document with all results, and jsonl, a
// line for each.
func (t *tally) readExreach(r io.Reader) error {
	in := json.NewDecoder(r)
	for {
		var document struct {
			entry
			Results []entry `json:"results"`
		}
		if err := in.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for _, e := range append(document.Results, document.entry) {
			for _, f := range e.Findings {
				t.findings[f.Code] = true
			}
			if address, err := netip.ParseAddr(e.Address); err == nil { // an unresolved name has none
				t.count(address, e.Port, e.Verdict)
			}
		}
	}
}

// A scannedHost is the part of a host in nmap's XML (its nmap.dtd) that counts here.
// Ports in the most frequent state are not listed one by one.
type scannedHost struct {
	Addresses []struct {
		Addr string `xml:"addr,attr"`
	} `xml:"address"`
	Ports []struct {
		Number uint16 `xml:"portid,attr"`
		State  struct {
			Word string `xml:"state,attr"`
		} `xml:"state"`
	} `xml:"ports>port"`
	Others []struct {
		State   string `xml:"state,attr"`
		Reasons []struct {
			Ports string `xml:"ports,attr"`
		} `xml:"extrareasons"`
	} `xml:"ports>extraports"`
}

// readNmap reads what nmap -oX writes.
func (t *tally) readNmap(r io.Reader) error {
	in := xml.NewDecoder(r)
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "host" {
			continue
		}
		var host scannedHost
		if err := in.DecodeElement(&host, &start); err != nil {
			return err
		}
		if err := t.countScanned(host); err != nil {
			return err
		}
	}
}

func (t *tally) countScanned(host scannedHost) error {
	for _, a := range host.Addresses {
		address, err := netip.ParseAddr(a.Addr)
		if err != nil {
			continue // a hardware address
		}
		for _, p := range host.Ports {
			t.count(address, p.Number, p.State.Word)
		}
		for _, other := range host.Others {
			for _, reason := range other.Reasons {
				ports, err := portRanges(reason.Ports)
				if err != nil {
					return err
				}
				for _, p := range ports {
					t.count(address, p, other.State)
				}
			}
		}
	}
	return nil
}
