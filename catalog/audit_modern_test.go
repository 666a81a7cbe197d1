// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// An audited row is one that was held against its document: what it must say,
// where the field is not empty.
type audited struct {
	versions string // with spaces between
	role     string
	service  string
	place    string // port and network
	tls      TLS
	from     string // with spaces between
	want     Want
	source   string // one that it must cite
	said     string // words of its note, of its hints, or of the reason it is not asked
}

const (
	modern  = "2013 2016 2019 se"   // with the transport and the ports of 2013
	oneRole = "2016 2019 se"        // the front end is on every mailbox server
	inUse   = "2007 2010 " + modern // what Windows servers 2003 and later run
)

// rowsByDocument is one line or more per item of the audit.
var rowsByDocument = map[string][]audited{
	"A1 fax over UDP": {
		{versions: "windows", role: "um-gateway", service: "t38-udp", place: "6044/udp", from: "mailbox um", want: Optional, source: "FAX A"},
		{versions: "windows", role: "um-gateway", service: "t38", place: "6004/tcp", from: "mailbox um", want: Optional, source: "FAX A"},
	},
	"A3 workers of a server in its default mode speak without TLS": {
		{versions: "2013 2016", role: "mailbox", service: "um-worker-5065", place: "5065/tcp", tls: NoTLS, from: "um-gateway", want: Optional, source: "VA13 A", said: "TCP mode"},
		{versions: "2013 2016", role: "mailbox", service: "um-worker-5066", place: "5066/tcp", tls: NoTLS, from: "um-gateway", want: Optional, source: "VA13 A", said: "TCP mode"},
		{versions: "2013 2016", role: "mailbox", service: "um-worker-5067", tls: NoTLS},
		{versions: "2013 2016", role: "mailbox", service: "um-worker-5068", tls: Mutual},
		{versions: "2007", role: "um", service: "um-worker-5066", tls: NoTLS, said: "first release"},
		{versions: "2010", role: "um", service: "um-worker-5066", tls: Mutual, source: "SEED-RO A"},
	},
	"A5 the witness needs WMI for more than its creation": {
		{versions: "windows 2010 " + modern, role: "witness", service: "endpoint-mapper", from: "mailbox", want: Optional, said: "event 4123"},
	},
	"A6 back ends of POP3 and IMAP4": {
		{versions: modern, role: "mailbox", service: "imap-backend", place: "1993/tcp", source: "SETIMAP A"},
		{versions: modern, role: "mailbox", service: "pop3-backend", place: "1995/tcp", source: "SETPOP A"},
	},
	"B15 load balancers": {
		{versions: "2010", role: "client-access", service: "owa", from: "load-balancer", want: Required},
		{versions: "2010", role: "client-access", service: "ecp", from: "load-balancer", want: Required},
		{versions: "2010", role: "client-access", service: "rpc-http", from: "load-balancer", want: Optional},
		{versions: "2010", role: "client-access", service: "endpoint-mapper", from: "load-balancer", want: Optional},
		{versions: "2010", role: "client-access", service: "emsmdb", from: "load-balancer", want: Optional},
		{versions: "2010", role: "client-access", service: "nspi", from: "load-balancer", want: Optional},
		{versions: "2007 2010", role: "client-access", service: "activesync", from: "load-balancer", want: Required},
		{versions: "2007 2010 2013", role: "client-access", service: "pop3", from: "load-balancer", want: Off},
		{versions: "2007 2010 2013", role: "client-access", service: "imaps", from: "load-balancer", want: Off},
		{versions: "2007 2010", role: "hub", service: "smtp", place: "25/tcp", from: "load-balancer", want: Optional},
	},
	"B16 sending from outside": {
		{versions: "2007 2010", role: "hub", service: "smtp-submission", from: "internet", want: Optional},
	},
	"B17 two services at 5075 to 5077": {
		{versions: "2010", role: "client-access", service: "owa-im-5075", tls: Mutual, from: "ocs", want: Optional},
		{versions: "2010", role: "client-access", service: "owa-im-5075", from: "um"},
		{versions: "2010", role: "client-access", service: "um-web", place: "5075-5077/tcp", tls: Implicit, from: "um", want: Optional, said: "client certificate"},
	},
	"B18 control of calls": {
		{versions: "2010", role: "um", service: "um-control", place: "16000-17000/tcp", from: "um-gateway", want: Optional},
	},
	"B19 RPC of the roles that had none": {
		{versions: "2010", role: "um", service: "rpc-services", place: "dynamic/tcp", from: "admin", want: Optional, said: "UMWorkerProcess - RPC"},
		{versions: "2010", role: "um", service: "rpc-dynamic", place: "49152-65535/tcp", from: "admin", want: Optional},
		{versions: "2010", role: "edge", service: "rpc-services", place: "dynamic/tcp", from: "admin", want: Optional, said: "MSExchangeTransportLogSearch - RPC"},
		{versions: "2010", role: "edge", service: "rpc-dynamic", place: "49152-65535/tcp", from: "admin", want: Optional},
	},
	"B25 a port for the Edge server alone": {
		{versions: inUse, role: "edge", service: "edge-ldap", from: "admin", want: Forbidden, said: "run exreach on the Edge server itself"},
	},
	"C26 what 2013 asks on the Internet": {
		{versions: modern, role: "internet", service: "open-proxy-socks", place: "1080/tcp", from: "edge", want: Optional, source: "NP A"},
		{versions: modern, role: "internet", service: "open-proxy-socks-1081", place: "1081/tcp", from: "edge", want: Optional},
		{versions: modern, role: "internet", service: "open-proxy-telnet", place: "23/tcp", from: "edge", want: Optional},
		{versions: modern, role: "internet", service: "open-proxy-http-6588", place: "6588/tcp", from: "edge", want: Optional},
		{versions: modern, role: "internet", service: "open-proxy-http-3128", place: "3128/tcp", from: "edge", want: Optional},
		{versions: modern, role: "internet", service: "open-proxy-http-80", place: "80/tcp", from: "edge", want: Optional},
		{versions: modern, role: "internet", service: "sender-reputation-proxy", place: "dynamic/tcp", from: "edge", want: Optional},
	},
	"C27 mail of an Edge server": {
		{versions: modern, role: "mailbox", service: "smtp-transport", place: "2525/tcp", from: "edge", want: Optional, source: "RC A", said: "Edge server"},
	},
	"C28 Emergency Mitigation": {
		{versions: oneRole, role: "internet", service: "emergency-mitigation", place: "443/tcp", tls: Implicit, from: "mailbox", want: Optional, source: "EM B", said: "officeclient.microsoft.com"},
		{versions: oneRole, role: "internet", service: "emergency-mitigation", from: "edge"},
	},
	"C29 logging on to the service": {
		{versions: "online", role: "login", service: "https", place: "443/tcp", tls: Implicit, from: "client", want: Required, source: "M365 A", said: "login.microsoftonline.com, graph.microsoft.com and accounts.accesscontrol.windows.net"},
		{versions: "online", role: "login", service: "https", from: "mailbox client-access hub", want: Optional},
		{versions: "online", role: "login", service: "http", place: "80/tcp", from: "client", want: Optional},
	},
	"C30 what a hybrid organization asks outside": {
		{versions: "windows", role: "internet", service: "http", place: "80/tcp", from: "client-access mailbox hub edge", want: Optional},
		{versions: "windows", role: "internet", service: "http", from: "agent", want: Required},
		{versions: "windows", role: "internet", service: "federation-login", place: "443/tcp", from: "client-access mailbox", want: Optional, said: "login.microsoftonline.com (/extSTS.srf)"},
		{versions: "windows", role: "internet", service: "wizard", place: "443/tcp", from: "admin", want: Optional, said: "domains.live.com"},
	},
	"C31 to C33 what is bound, and by whom": {
		{versions: oneRole, role: "mailbox", service: "back-end-http", place: "81/tcp", source: "CSS B", said: "every address"},
		{versions: oneRole, role: "mailbox", service: "back-end-https", place: "444/tcp", source: "CSS B"},
		{versions: modern, role: "mailbox", service: "mrs", place: "808/tcp", said: "does not prove that the service runs"},
		{versions: modern, role: "mailbox", service: "net-tcp-890", place: "890/tcp", source: "TOPO B", said: "Active Directory Topology service"},
	},
	"C35 clusters": {
		{versions: inUse, role: "mailbox", service: "cluster", place: "3343/tcp", from: "mailbox", want: Optional, source: "KB832017 A"},
		{versions: inUse, role: "mailbox", service: "cluster-udp", place: "3343/udp", said: "ICMP"},
		{versions: inUse, role: "mailbox", service: "cluster-netbios", place: "137/udp", from: "mailbox", want: Optional, source: "KB832017 A", said: "silence proves nothing"},
	},
	"C36 the witness of 2007": {
		{versions: "2007", role: "witness", service: "smb", place: "445/tcp", from: "mailbox", want: Required},
		{versions: "2007", role: "witness", service: "smb", from: "internet", want: Forbidden},
	},
	"C37 setup asks the directory": {
		{versions: "windows " + inUse, role: "domain-controller", service: "ldap", place: "389/tcp", from: "admin", want: Optional},
	},
	"C38 Office Online Server": {
		{versions: oneRole, role: "office-online", service: "discovery", place: "443/tcp", tls: Implicit, from: "client mailbox", want: Optional},
	},
	"C39 Unified Messaging of 2013 and 2016": {
		{versions: "2013 2016", role: "mailbox", service: "um-web", place: "443/tcp", source: "UM13 A", said: "Play on Phone"},
		{versions: "2013", role: "client-access", service: "um-sip", said: "UMCallRouter (GFW)"},
		{versions: "2016", role: "mailbox", service: "um-sip", said: "UMCallRouter (GFW)"},
		{versions: "2013 2016", role: "mailbox", service: "um-service", said: "UMService (GFW)"},
		{versions: "2013 2016", role: "mailbox", service: "um-worker-5067", said: "UMWorkerProcess (GFW)"},
		{versions: "2013 2016", role: "mailbox", service: "rpc-services", said: "UMWorkerProcess - RPC"},
	},
	"C41 the range of Exchange's RPC": {
		{versions: modern, role: "mailbox", service: "rpc-dynamic", said: "6005-65534"},
		{versions: "2010", role: "client-access", service: "rpc-dynamic", said: "6005-65534"},
		{versions: "2010", role: "mailbox", service: "rpc-dynamic", said: "6005-65534"},
	},
	"C42 and C43 names of the service": {
		{versions: "online", role: "submission", service: "smtp-submission", place: "587/tcp", said: "smtp-mail.outlook.com"},
		{versions: "online", role: "submission", service: "smtp", place: "25/tcp", from: "client", want: Optional, source: "MFD A", said: "587 only"},
		{versions: "online", role: "mail-exchanger", service: "smtp", said: "*.mx.microsoft"},
		{versions: "online", role: "outlook", service: "imaps", said: "*.outlook.office.com"},
	},
	"C44 anti-malware downloads by name": {
		{versions: modern, role: "internet", service: "antimalware-updates", place: "80/tcp", from: "mailbox", want: Optional, source: "AM A", said: "forefrontdl.microsoft.com"},
		{versions: modern, role: "internet", service: "antimalware-updates-https", place: "443/tcp", tls: Implicit, from: "mailbox", want: Optional},
	},
	"E46 to E48 static ports": {
		{versions: "windows " + inUse, role: "domain-controller", service: "netlogon", source: "KB224196 B", said: "DCTcpipPort"},
		{versions: "windows", role: "domain-controller", service: "ncacn-http-nspi", said: "REG_MULTI_SZ"},
		{versions: "2010", role: "client-access", service: "nspi", said: "Restart-Service MSExchangeAB"},
		{versions: "2010", role: "mailbox", service: "emsmdb", said: "Restart-Service MSExchangeRPC"},
	},
	"F remote desktop": {
		{versions: "windows", role: "host", service: "rdp", source: "KB832017 A"},
		{versions: "2010", role: "edge", service: "rdp", source: "KB832017 A"},
	},
}

func TestRowsAgainstTheirDocuments(t *testing.T) {
	c := mustOpen(t)
	for item, rows := range rowsByDocument {
		t.Run(item, func(t *testing.T) {
			for _, a := range rows {
				for _, version := range strings.Fields(a.versions) {
					s, found := rowOf(t, c, version, a.role, a.service)
					if !found {
						t.Errorf("%s: role %s has no row %s", version, a.role, a.service)
						continue
					}
					a.compare(t, version, s)
				}
			}
		})
	}
}

// compare holds a row against what its document says.
func (a audited) compare(t *testing.T, version string, s Service) {
	t.Helper()
	row := fmt.Sprintf("%s: %s of %s", version, s.Name, s.Role)
	if place := fmt.Sprintf("%s/%s", s.Ports, s.Network); a.place != "" && place != a.place {
		t.Errorf("%s is at %s, want %s", row, place, a.place)
	}
	if a.tls != "" && s.TLS != a.tls {
		t.Errorf("%s has TLS %s, want %s", row, s.TLS, a.tls)
	}
	for _, from := range strings.Fields(a.from) {
		if s.Wants[from] != a.want {
			t.Errorf("%s: %s wants %q, want %q", row, from, s.Wants[from], a.want)
		}
	}
	if a.source != "" && !slices.ContainsFunc(s.Sources, func(o Source) bool { return o.Key+" "+o.Grade == a.source }) {
		t.Errorf("%s cites %v, and not %s", row, s.Sources, a.source)
	}
	rules := strings.Join(slices.Sorted(maps.Keys(s.Programs)), ", ")
	if said := strings.Join([]string{s.Note, s.Unasked, s.Restart, rules}, " "); !strings.Contains(said, a.said) {
		t.Errorf("%s says nothing of %q: %s", row, a.said, said)
	}
}

// rowOf is the row of that name, if there is one.
func rowOf(t *testing.T, c *Catalog, version, role, name string) (Service, bool) {
	t.Helper()
	v, err := c.Version(version)
	if err != nil {
		t.Fatal(err)
	}
	services, err := v.ServicesOf(role)
	if err != nil {
		t.Error(err)
	}
	i := slices.IndexFunc(services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return services[i], true
}

// A6: ports that no document gives to the back ends of POP3 and IMAP4.
func TestNoBackEndAtOldPorts(t *testing.T) {
	for _, v := range all(t, mustOpen(t)) {
		for _, s := range v.Services {
			if s.Ports.First == 9955 || s.Ports.First == 9933 {
				t.Errorf("%s: %s of %s is at %s", v.Name, s.Name, s.Role, s.Ports)
			}
		}
	}
}

// A8: the seeds give the RPC of a controller as Net Logon at 135 and never name
// 445, so they are no source for the rest.
func TestControllersCiteWhatNamesThem(t *testing.T) {
	c := mustOpen(t)
	for _, version := range strings.Fields("windows " + inUse) {
		for _, name := range []string{"drsuapi", "lsarpc", "samr", "smb"} {
			s, found := rowOf(t, c, version, "domain-controller", name)
			if !found {
				t.Errorf("%s: no row %s", version, name)
			}
			for _, o := range s.Sources {
				if strings.HasPrefix(o.Key, "SEED") {
					t.Errorf("%s: %s cites %s", version, name, o.Key)
				}
			}
		}
	}
}

// mostUnverified is how many rows may rest on memory or an unconfirmed listing.
const mostUnverified = 36

// F: what Windows serves is documented, and little else rests on memory.
func TestFewRowsRestOnMemory(t *testing.T) {
	var unverified []string
	for _, v := range all(t, mustOpen(t)) {
		for _, s := range v.Services {
			if s.Verified {
				continue
			}
			row := fmt.Sprintf("%s %s/%s", v.Name, s.Role, s.Name)
			unverified = append(unverified, row)
			if slices.Contains([]string{"rdp", "winrm", "winrm-https", "ncacn-http-mapper"}, s.Name) {
				t.Errorf("%s: Microsoft documents it", row)
			}
		}
	}
	if len(unverified) > mostUnverified {
		t.Errorf("%d rows are not verified, want at most %d: %s", len(unverified), mostUnverified, strings.Join(unverified, ", "))
	}
}

// B19: an endpoint mapper is of no use without the ports that it leads to.
func TestMappersLeadSomewhere(t *testing.T) {
	for _, v := range all(t, mustOpen(t)) {
		for _, s := range v.Services {
			behind := func(o Service) bool { return o.Role == s.Role && o.Name == "rpc-dynamic" }
			if s.isMapper() && !slices.ContainsFunc(v.Services, behind) {
				t.Errorf("%s: %s has an endpoint mapper and no rpc-dynamic", v.Name, s.Role)
			}
		}
	}
}
