// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Release is what distinguishes a version: its order among the others, what people
// call it, its builds, and what its servers say. It is the head of the version's file.
type Release struct {
	Name    string            // the word of the command line: "2019"
	Title   string            // the product's name: "Exchange Server 2019"
	Called  string            // its usual name; "" is Exchange and the Name
	Family  Family            // "" for servers around Exchange and for what no answer can show
	Order   float64           // its place in the order of release; 0 means the number that Name is, or else the last place
	Builds  []Builds          // its build numbers
	Marks   []Mark            // what its answers are recognised by; of those that several versions share, only the Name
	Greets  map[string]string // what its servers greet with, by protocol; HOST, DATE and CTIME (a date as C writes it) are placeholders
	Website *Website          // nil: as that of the newest version
	Telling []Telling         // its services for which Identify asks
}

// A Telling is a service whose answer shows which version a host runs. Servers of most
// versions have it, but only the version whose row asks for it in its latest form lists
// it: the fewer versions list one, the fewer files exreach must read.
type Telling struct {
	Role, Service string
	line          int // of the file, for errors
}

// Family is the product that a version belongs to.
type Family string

// The families.
const (
	ExchangeServer Family = "Exchange Server"
	ExchangeOnline Family = "Exchange Online" // the service that Microsoft runs; it has no place among the versions of Exchange Server
	DavMail        Family = "DavMail"         // a gateway that offers the standard protocols of mail in front of Exchange
)

// A Website is what the web site of a version shows about it. Stand-ins show the same.
type Website struct {
	IIS    string // the version of IIS, on the Windows that it was usually installed on
	Build  string // the build that OWA shows in X-OWA-Version; "" where it shows none
	Below  string // the path below which answers show Build
	Store  string // the build that the store shows in MS-WebStorage; "" where it shows none
	Title  string // the title of OWA's logon page
	Themes string // the path to the pictures of that page
}

// Releases holds what is known of all versions, without their services. Its methods work
// on nil, which means the versions that come with exreach. Any number of goroutines may
// call them. The first call that needs a part reads it: nearly every run needs the order,
// and only some need the marks.
type Releases struct {
	order func() []Release // in the order of release: names, product, builds and no more
	heads func() heads     // everything in the heads of the files
}

// heads is what the heads of the files say.
type heads struct {
	releases []Release // in the order of release
	shared   []Mark    // those of marks.yaml, which versions name
	marks    []Mark    // all, with their versions
	err      error     // what is wrong with a file; the rest is valid
}

// ours are the releases that come with exreach.
var ours = releasesOf(data, "data")

func releasesOf(files fs.FS, dir string) *Releases {
	return &Releases{
		order: sync.OnceValue(func() []Release {
			releases, _ := readHeads(files, dir, maxOrder, "\nmarks:", "\ngreets:", "\nroles:") // reading the whole file finds the error
			return releases
		}),
		heads: sync.OnceValue(func() heads { return readReleases(files, dir) }),
	}
}

// all returns r, or ours if r is nil.
func (r *Releases) all() *Releases { return cmp.Or(r, ours) }

// Marks returns every mark, with the versions that have it.
func (r *Releases) Marks() []Mark { return r.all().heads().marks }

// find returns the release of that name, the zero Release where there is none.
func find(releases []Release, name string) Release {
	if i := slices.IndexFunc(releases, func(r Release) bool { return r.Name == name }); i >= 0 {
		return releases[i]
	}
	return Release{}
}

func (r *Releases) find(name string) Release { return find(r.all().order(), name) }

// Of returns the names of the versions of some families, in the order of release.
func (r *Releases) Of(families ...Family) []string {
	of := slices.DeleteFunc(slices.Clone(r.all().order()), func(o Release) bool { return !slices.Contains(families, o.Family) })
	return each(of, func(o Release) string { return o.Name })
}

// Family returns the product that a version belongs to, "" where it belongs to none.
func (r *Releases) Family(version string) Family { return r.find(version).Family }

// Title returns the name of a version's product: "Exchange Server 2019", or its Family
// outside Exchange Server. It may be "".
func (r *Releases) Title(version string) string {
	release := r.find(version)
	if release.Family == ExchangeServer {
		return release.Title
	}
	return string(release.Family)
}

// Called returns the usual name of a version: "Exchange 2019".
func (r *Releases) Called(version string) string {
	return cmp.Or(r.find(version).Called, "Exchange "+version)
}

// Since reports whether version is first, or a later version of Exchange Server.
func (r *Releases) Since(first, version string) bool {
	servers := r.Of(ExchangeServer)
	return slices.Index(servers, version) >= slices.Index(servers, first)
}

// Greeting returns what the servers of a version greet with in a protocol, with the
// placeholders of Greets. It returns "" where that is not known.
func (r *Releases) Greeting(version, protocol string) string {
	return find(r.all().heads().releases, version).Greets[protocol]
}

// Website returns the web site of a version, and the version that it comes from. A version
// without one of its own, such as one of another family, gets that of the newest.
func (r *Releases) Website(version string) (site Website, of string) {
	for _, release := range slices.Backward(r.all().heads().releases) {
		if release.Website != nil && (of == "" || release.Name == version) {
			site, of = *release.Website, release.Name
		}
	}
	return site, of
}

// byOrder orders versions by their release. One with neither order nor number comes last.
func byOrder(a, b Release) int {
	return cmp.Or(cmp.Compare(a.rank(), b.rank()), strings.Compare(a.Name, b.Name))
}

// lastRank is the rank of a version if nothing says where it belongs.
const lastRank = 1e6

func (r Release) rank() float64 {
	if r.Order != 0 {
		return r.Order
	}
	if n, err := strconv.ParseFloat(r.Name, 64); err == nil && n < lastRank {
		return n
	}
	return lastRank
}

// with returns r with release added, or in the place of the one of the same name.
func (r *Releases) with(release Release) *Releases {
	before := r.all()
	among := func(releases []Release) []Release {
		releases = slices.Clone(releases)
		put(&releases, release, func(o Release) bool { return o.Name == release.Name })
		slices.SortFunc(releases, byOrder)
		return releases
	}
	return &Releases{
		order: sync.OnceValue(func() []Release { return among(before.order()) }),
		heads: sync.OnceValue(func() heads {
			h := before.heads()
			h.releases = among(h.releases)
			h.marks = marksOf(h.releases, h.shared)
			return h
		}),
	}
}
