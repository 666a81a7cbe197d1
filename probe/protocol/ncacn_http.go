// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"io"
	"net"
)

// ncacnGreeting is what a server of RPC over HTTP says first (MS-RPCH section
// 2.1.1.2.1, the legacy server response).
const ncacnGreeting = "ncacn_http/1.0"

// ncacnMapper is the port of the endpoint mapper over HTTP.
const ncacnMapper = 593

// askNcacnHTTP hears the greeting, which is proof enough. Plain DCE/RPC follows it, so
// askNcacnHTTP asks an endpoint mapper for its map. If the mapper does not hand that out,
// this is a fact and no error: Windows may let only an RPC proxy ask.
func askNcacnHTTP(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, "RPC over HTTP")
	q.At(Greet)
	if err := t.exactly([]byte(ncacnGreeting)); err != nil {
		return Peer{}, err
	}
	p := Peer{Greeting: ncacnGreeting}
	if q.Service.Ports.First != ncacnMapper {
		return p, nil
	}
	mapper, err := askRPC(readAhead{conn, t.r}, q)
	switch {
	case err != nil:
		p.Facts = map[string]string{FactEndpointMapper: err.Error()}
	case mapper.Refusal != "":
		p.Facts = map[string]string{FactEndpointMapper: mapper.Refusal}
	default:
		p.Facts, p.Endpoints = mapper.Facts, mapper.Endpoints
	}
	return p, nil
}

// answerNcacnHTTP greets and goes on as the stand-in for plain RPC.
func answerNcacnHTTP(conn net.Conn, s Stand) error {
	if _, err := io.WriteString(conn, ncacnGreeting); err != nil {
		return fmt.Errorf("sending the greeting: %w", err)
	}
	return answerRPC(conn, s)
}
