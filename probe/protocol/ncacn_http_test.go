// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"io"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
)

// TestNcacnHTTP: the greeting is all that is needed.
func TestNcacnHTTP(t *testing.T) {
	checkOctets(t, "ncacn-http", []octetRecording{
		{name: "the greeting", said: "'ncacn_http/1.0'", want: Peer{Greeting: "ncacn_http/1.0"}, heard: []string{}},
		{name: "another version", said: "'ncacn_http/1.1'", got: "the greeting does not open like RPC over HTTP"},
		{name: "RPC over TCP", said: "0500 0c03", got: "the greeting opens like RPC"},
	})
}

// mapperOverHTTP is the question for an endpoint mapper over HTTP, and its
// stand-in.
func mapperOverHTTP() (Question, Stand) {
	q, s := question("ncacn-http", catalog.NoTLS), standIn("ncacn-http", catalog.NoTLS)
	q.Service.Ports = catalog.Ports{First: 593, Last: 593}
	s.Service.Ports = q.Service.Ports
	s.Endpoints = []rpc.Endpoint{{UUID: "a4f1db00-ca47-1067-b31f-00dd010662da", Minor: 81, Sequence: "ncacn_http", Port: 6001, Address: "192.0.2.1"}}
	return q, s
}

// TestMapperOverHTTP: behind the greeting an endpoint mapper hands out its map as
// it does on 135.
func TestMapperOverHTTP(t *testing.T) {
	q, s := mapperOverHTTP()
	peer, err := meet(t, askNcacnHTTP, answerNcacnHTTP, q, s, enough)
	if err != nil || peer.Greeting != "ncacn_http/1.0" || len(peer.Endpoints) != 1 || peer.Endpoints[0].Port != 6001 {
		t.Errorf("error %v, %+v", err, peer)
	}
}

// TestNoMapperOverHTTP: a mapper that says nothing to strangers is still RPC over
// HTTP.
func TestNoMapperOverHTTP(t *testing.T) {
	q, _ := mapperOverHTTP()
	for name, behind := range map[string]io.Reader{
		"hangs up":              strings.NewReader(""),
		"stays silent":          silence{},
		"speaks something else": strings.NewReader("HTTP/1.1 403 Forbidden\r\n\r\n"),
		"refuses":               strings.NewReader(string(rpcSays(rpc.BindNak, 1, 4, 0))),
	} {
		conn := &script{Reader: io.MultiReader(strings.NewReader(ncacnGreeting), behind)}
		peer, err := askNcacnHTTP(conn, q)
		if err != nil || peer.Greeting != ncacnGreeting || peer.Facts["endpoint_mapper"] == "" || peer.Refusal != "" {
			t.Errorf("%s: error %v, %+v", name, err, peer)
		}
	}
}

func FuzzAskNcacnHTTP(f *testing.F) {
	fuzzAsk(f, "ncacn-http", ncacnGreeting, ncacnGreeting[:9], "HTTP/1.0 200 OK\r\n")
}
