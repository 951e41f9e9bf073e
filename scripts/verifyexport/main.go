// Command verifyexport verifies an export of clinicbox with the standard library of Go
// only: it shares no code with the program that made it, so that an outsider can read
// all of it in an hour. What it verifies stands in README.txt of each export.
//
//	go run ./scripts/verifyexport [-key BASE64] [-root BASE64] [-centre BASE64] EXPORT.zip
//
// Exit code 0: it is what the box made; 3: it is not; 1: it could not be read; 2: usage.
package main

import (
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	key := flag.String("key", "", "the box's public key in base64, from a place that you trust")
	root := flag.String("root", "", "the root's public key in base64, instead of the box's")
	centre := flag.String("centre", "", "the key in base64 by which the centre must have cosigned")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "verifyexport [-key BASE64] [-root BASE64] [-centre BASE64] EXPORT.zip")
		os.Exit(2)
	}
	os.Exit(run(flag.Arg(0), *key, *root, *centre))
}

func run(path, key, root, centre string) int {
	v := &verifier{}
	for to, s := range map[*[]byte]string{&v.want: key, &v.root: root, &v.centre: centre} {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil || s != "" && len(b) != 32 {
			fmt.Fprintln(os.Stderr, "a key is not 32 bytes in base64")
			return 2
		}
		*to = b
	}
	if err := v.verify(path); err != nil {
		fmt.Fprintln(os.Stderr, "REFUSED:", err)
		if errors.Is(err, errRefused) {
			return 3
		}
		return 1
	}
	fmt.Println(v.summary())
	if len(v.want)+len(v.root) == 0 {
		fmt.Printf("NOBODY SAYS THAT THE KEY IS THE BOX'S: compare it: %s\n", base64.StdEncoding.EncodeToString(v.m.Key))
	}
	if v.broken > 0 {
		fmt.Printf("%d signatures of people are broken, as the box recorded them\n", v.broken)
	}
	return 0
}
