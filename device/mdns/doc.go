// Package mdns lets browsers of the clinic's network find the box by its name,
// NAME.local, without a name server: multicast DNS (RFC 6762), as far as answering
// for one name goes. It finds nobody, browses nothing and defends no name: the name
// of a box is unique by the centre's registry. An answer helps only to find the
// box; that it is the box is what its certificate proves.
package mdns
