// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/tls12"
)

func TestCleanPeer(t *testing.T) {
	const bad = "\x1b[31m\u202e\xff"
	long := strings.Repeat(bad, 1000)
	p := Peer{
		Greeting: long, Refusal: long,
		Facts: map[string]string{long: long},
		TLS: &TLSInfo{Version: long, Cipher: long, TrustError: long,
			Chain: []tls12.Certificate{{Subject: long, Issuer: long, Key: long, Names: []string{long}}}},
	}
	for i := range 4200 {
		p.Capabilities = append(p.Capabilities, long)
		p.Endpoints = append(p.Endpoints, rpc.Endpoint{UUID: bad, Sequence: bad, Address: bad, Annotation: bad})
		p.Facts[fmt.Sprintf("%04d%s", i, bad)] = long
		p.TLS.Chain[0].Names = append(p.TLS.Chain[0].Names, long)
	}
	p.Clean()
	checkClean(t, p)
	if len(p.Capabilities) == 0 || len(p.Capabilities)+p.MoreCapabilities != 4200 || len(p.Facts)+p.MoreFacts != 4201 || len(p.Endpoints)+p.MoreEndpoints != 4200 {
		t.Errorf("of the rest %d, %d and %d are counted", p.MoreCapabilities, p.MoreFacts, p.MoreEndpoints)
	}
	if c := p.TLS.Chain[0]; len(c.Names) != 50 || c.MoreNames != 4151 {
		t.Errorf("a certificate keeps %d names, and %d more", len(c.Names), c.MoreNames)
	}
	p.Clean()
	if text, err := json.Marshal(p); err != nil || len(text) > 1<<20 {
		t.Errorf("a peer takes %d bytes, %v", len(text), err)
	}

	short := Peer{Facts: map[string]string{}, TLS: &TLSInfo{}}
	for i := range 300 {
		short.Facts[fmt.Sprintf("%04d%s", i, bad)] = bad
		short.TLS.Chain = append(short.TLS.Chain, tls12.Certificate{Subject: bad})
	}
	short.Clean()
	if len(short.Facts) != 256 || short.MoreFacts != 44 || short.Facts[`0000\x1b[31m\u202e\xff`] == "" {
		t.Errorf("of 300 facts %d are left, and not the first ones by name", len(short.Facts))
	}
	if len(short.TLS.Chain) != 10 || short.TLS.MoreCertificates != 290 {
		t.Errorf("%d certificates, and %d more", len(short.TLS.Chain), short.TLS.MoreCertificates)
	}

	var empty Peer
	empty.Clean()
	if empty.Capabilities != nil || empty.Facts != nil || empty.Endpoints != nil || empty.TLS != nil {
		t.Errorf("an empty peer became %+v", empty)
	}
}
