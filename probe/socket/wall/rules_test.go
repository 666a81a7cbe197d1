// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"strings"
	"testing"

	"exreach/catalog"
)

const program = `C:\Tools\exreach.exe`

// https and dns are ports that the tests ask for.
var (
	https = catalog.Port{Network: catalog.TCP, Number: 443}
	dns   = catalog.Port{Network: catalog.UDP, Number: 53}
)

// windows is a firewall that is on in the profile Public, with these rules.
func windows(lines ...string) Wall {
	w := Wall{Kind: Windows, Profile: "Public", Active: true, Known: true, system: "windows", program: program, profiles: []profile{{name: "Public", on: true}}}
	for _, line := range lines {
		if r, ok := parseRule(line); ok {
			w.rules = append(w.rules, r)
		}
	}
	return w
}

func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		rules []string
		want  opinion
	}{
		"none":                     {nil, silent},
		"the port":                 {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|Name=Web|"}, allows},
		"the program":              {[]string{`v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Public|App=c:\tools\EXREACH.exe|Name=x|Edge=FALSE|`}, allows},
		"one of several ports":     {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=25|LPort=443|"}, allows},
		"a range of ports":         {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort2_10=400-500|"}, allows},
		"any protocol":             {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|"}, allows},
		"another port":             {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=444|"}, silent},
		"ports that have a name":   {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=RPC|"}, silent},
		"another protocol":         {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=443|"}, silent},
		"another program":          {[]string{`v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|App=System|`}, silent},
		"another profile":          {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|"}, silent},
		"what goes out":            {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|"}, silent},
		"not in force":             {[]string{"v2.30|Action=Allow|Active=FALSE|Dir=In|Protocol=6|"}, silent},
		"for the subnet":           {[]string{"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|RA4=LocalSubnet|"}, unclear},
		"for something unheard of": {[]string{"v9.99|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|Moon=Full|"}, unclear},
		"a block goes first": {[]string{
			"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|", `v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|App=C:\Tools\exreach.exe|`}, blocks},
		"some are blocked": {[]string{
			"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|", "v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|RA4=10.0.0.0/255.0.0.0|"}, unclear},
		"a broken line": {[]string{"", "v2.30", "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=x|", "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=99999|"}, silent},
	} {
		if got := windows(c.rules...).opinion(https); got != c.want {
			t.Errorf("%s: opinion %d, want %d", name, got, c.want)
		}
	}
}

func TestProfiles(t *testing.T) {
	w := windows("v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|Profile=Public|")
	both := append(w.profiles, profile{name: "Domain", on: true})
	for name, c := range map[string]struct {
		profiles []profile
		want     opinion
	}{
		"one of two allows":       {both, unclear},
		"no exceptions":           {[]profile{{name: "Public", on: true, refuses: true}}, blocks},
		"open by default":         {[]profile{{name: "Domain", on: true, open: true}}, allows},
		"off":                     {[]profile{{name: "Domain"}}, allows},
		"only pushed rules":       {[]profile{{name: "Public", on: true, pushed: true}}, silent},
		"no profile is known":     {nil, unclear},
		"two profiles that agree": {[]profile{{name: "Public", on: true}, {name: "Domain"}}, allows},
	} {
		w.profiles = c.profiles
		if got := w.opinion(https); got != c.want {
			t.Errorf("%s: opinion %d, want %d", name, got, c.want)
		}
	}
}

func TestSays(t *testing.T) {
	allow := "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|"
	off := windows()
	off.Active = false
	for _, c := range []struct {
		wall Wall
		want string
	}{
		{windows(), "Windows Defender Firewall is on in the profile Public; no rule allows this program."},
		{windows(allow), "Windows Defender Firewall is on in the profile Public; no rule allows this program at 53/udp."},
		{windows("v2.30|Action=Allow|Active=TRUE|Dir=In|"), "Windows Defender Firewall is on in the profile Public; a rule allows this program."},
		{windows("v2.30|Action=Allow|Active=TRUE|Dir=In|RA4=LocalSubnet|"), "Windows Defender Firewall is on in the profile Public; its rules leave open who may reach this program."},
		{off, "Windows Defender Firewall is off in the profile Public."},
		{Wall{Kind: Windows, system: "windows"}, "This host has Windows Defender Firewall; the system does not tell whether it is on."},
		{Wall{Kind: UFW, Active: true, Known: true, system: "linux"}, "ufw is on; only root can see which ports it allows."},
		{Wall{Kind: Firewalld, Active: true, Known: true, Profile: "public", system: "linux"}, "firewalld is on with the default zone public; only root can see which ports it allows."},
		{Wall{system: "linux"}, "No sign of a firewall on this host was found, but only root can see its rules."},
		{Wall{system: "darwin"}, "This system does not tell whether a firewall of its own is on."},
	} {
		if got := c.wall.Says([]catalog.Port{dns, https, https}); got != c.want {
			t.Errorf("says  %s\nwant  %s", got, c.want)
		}
	}
}

func FuzzRules(f *testing.F) {
	f.Add("v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|LPort2_10=5-6|App=x|Profile=Public|RA4=LocalSubnet|", uint16(443))
	f.Add(string(answer(nftNew, chainBody(1, localIn, 0, 0, "filter", "input"))), uint16(25))
	f.Fuzz(func(t *testing.T, line string, number uint16) {
		w := windows(line)
		o := w.opinion(catalog.Port{Network: catalog.TCP, Number: number})
		if !strings.HasPrefix(line, "v") && o != silent {
			t.Errorf("%q is a rule", line)
		}
		if o == allows && !strings.Contains(strings.ToLower(line), "action=allow") {
			t.Errorf("%q allows", line)
		}
		_, _ = undelivered(line, line)
		chains := 0
		_, _ = readChains([]byte(line), func(chain) { chains++ })
		if chains > len(line)/nlHeader {
			t.Errorf("%d chains in %d bytes", chains, len(line))
		}
	})
}
