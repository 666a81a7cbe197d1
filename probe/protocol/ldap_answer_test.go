// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	ldapwire "exreach/probe/protocol/ldap"
)

func TestLDAPKinds(t *testing.T) {
	port := func(n uint16) catalog.Ports { return catalog.Ports{First: n, Last: n} }
	for _, c := range []struct {
		version string
		service catalog.Service
		want    Peer
	}{
		{"windows", catalog.Service{Name: "ldap", Ports: port(389)}, Peer{Facts: map[string]string{"kind": "domain controller", "global_catalog_ready": "TRUE", "default_naming_context": "DC=contoso,DC=example"}}},
		{"windows", catalog.Service{Name: "gc", Ports: port(3268)}, Peer{Facts: map[string]string{"kind": "global catalogue", "dns_host_name": "dc01.contoso.example"}}},
		{"windows", catalog.Service{Name: "gc-tls", Ports: port(3269), TLS: catalog.Implicit}, Peer{Facts: map[string]string{"kind": "global catalogue", "ldap_service_name": "contoso.example:dc01$@CONTOSO.EXAMPLE"}}},
		{"2019", catalog.Service{Name: "edge-ldap", Ports: port(50389)}, Peer{Facts: map[string]string{"kind": "AD LDS", "default_naming_context": ""}}},
		{"2019", catalog.Service{Name: "edge-ldap-tls", Ports: port(50636), TLS: catalog.Implicit}, Peer{Facts: map[string]string{"kind": "AD LDS"}}},
		{"davmail", catalog.Service{Name: "ldap", Ports: port(1389)}, Peer{Facts: map[string]string{"kind": "LDAP server"}}},
		{"5.5", catalog.Service{Name: "ldap", Ports: port(389)}, Peer{Facts: map[string]string{"kind": "LDAP server"}}},
		{"5.0", catalog.Service{Name: "ldap", Ports: port(389)}, Peer{
			Facts:   map[string]string{"kind": "LDAP server", "anonymous_bind": "2 Protocol Error: this server knows LDAP version 2 only"},
			Refusal: "1 Operations Error: a bind with a name must come first",
		}},
	} {
		t.Run(c.version+" "+c.service.Name, func(t *testing.T) {
			var steps []Step
			q := Question{Host: "dc01", Service: c.service, Session: Session{At: func(s Step) { steps = append(steps, s) }}}
			got, err := askLDAPOf(t, q, func(conn net.Conn) {
				if err := answerLDAP(conn, Stand{Host: "dc01.contoso.example", Version: c.version, Service: c.service}); err != nil {
					t.Error(err)
				}
			})
			if err != nil || got.Refusal != c.want.Refusal {
				t.Errorf("error %v, refusal %q, want %q", err, got.Refusal, c.want.Refusal)
			}
			for fact, want := range c.want.Facts {
				if got.Facts[fact] != want {
					t.Errorf("%s is %q, want %q", fact, got.Facts[fact], want)
				}
			}
			if diff := cmp.Diff([]Step{Greet, Talk}, steps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLDAPEveryRow: the stand-in of every row of the catalogue is of its kind.
func TestLDAPEveryRow(t *testing.T) {
	c := catalog.Open()
	versions, err := c.Versions()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		for _, s := range v.Services {
			want := "LDAP server"
			switch {
			case s.Protocol != "ldap":
				continue
			case s.Role == "domain-controller" && (s.Name == "gc" || s.Name == "gcs"):
				want = "global catalogue"
			case s.Role == "domain-controller":
				want = "domain controller"
			case s.Role == "edge":
				want = "AD LDS"
			}
			q := question("ldap", s.TLS)
			q.Service = s
			p, err := pipeTo(askLDAP, q, func(conn net.Conn) {
				_ = answerLDAP(conn, Stand{Host: "a.contoso.example", Version: v.Name, Service: s})
			})
			if err != nil || p.Facts["kind"] != want {
				t.Errorf("%s %s %s: error %v, kind %q, want %q", v.Name, s.Role, s.Name, err, p.Facts["kind"], want)
			}
		}
	}
}

// TestLDAPAnswers has the server turn down what it does not do.
func TestLDAPAnswers(t *testing.T) {
	operation := func(tag ber.Tag, parts ...*ber.Packet) *ber.Packet {
		op := ldapwire.Operation(tag)
		for _, p := range parts {
			op.AppendChild(p)
		}
		return op
	}
	version := ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 3, "")
	password := ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "guess", "")
	oid := ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "1.3.6.1.4.1.4203.1.11.3", "")
	for name, c := range map[string]struct {
		op   *ber.Packet
		tag  ber.Tag
		code int64
	}{
		"a password":         {operation(ldap.ApplicationBindRequest, version, ldapwire.OctetString("cn=a"), password), ldap.ApplicationBindResponse, ldap.LDAPResultInvalidCredentials},
		"a bind of one part": {operation(ldap.ApplicationBindRequest, version), ldap.ApplicationBindResponse, ldap.LDAPResultProtocolError},
		"an empty search":    {operation(ldap.ApplicationSearchRequest), ldap.ApplicationSearchResultDone, ldap.LDAPResultProtocolError},
		"who am I":           {operation(ldap.ApplicationExtendedRequest, oid), ldap.ApplicationExtendedResponse, ldap.LDAPResultProtocolError},
		"an empty extension": {operation(ldap.ApplicationExtendedRequest), ldap.ApplicationExtendedResponse, ldap.LDAPResultProtocolError},
		"an add":             {operation(ldap.ApplicationAddRequest), ldap.ApplicationAddResponse, ldap.LDAPResultUnwillingToPerform},
	} {
		answers, upgrade := ldapReply(c.op, standIn("ldap", catalog.NoTLS))
		if len(answers) != 1 || upgrade || answers[0].Tag != c.tag || answers[0].Children[0].Value != c.code {
			t.Errorf("%s: %d answers, upgrade %v", name, len(answers), upgrade)
		}
	}
}
