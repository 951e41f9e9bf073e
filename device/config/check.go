package config

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Check judges a value in its written form. The argument is what follows the
// rule's name and "=" in the tag.
type Check func(arg, value string) error

// Checks are rules by name.
type Checks map[string]Check

// Standard returns the rules that every file may use.
func Standard() Checks {
	return Checks{
		"range":  inRange,
		"oneof":  oneOf,
		"listen": func(_, v string) error { return hostPort(v, 0) },
		"url":    serverURL,
		"line":   oneLine,
		"name":   matches(name, "1 to 32 of a-z, 0-9 and - (it stands in topics and file names)"),
		"bytes":  base64Bytes,
	}
}

var name = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$`)

// matches makes a rule of an expression and the words for what it wants.
func matches(re *regexp.Regexp, want string) Check {
	return func(_, v string) error {
		if !re.MatchString(v) {
			return fmt.Errorf("must be %s, not %q", want, v)
		}
		return nil
	}
}

// inRange takes "low:high".
func inRange(arg, v string) error {
	low, high, _ := strings.Cut(arg, ":")
	n, err := strconv.Atoi(v)
	lo, _ := strconv.Atoi(low)
	hi, _ := strconv.Atoi(high)
	if err != nil || n < lo || n > hi {
		return fmt.Errorf("must be from %s to %s, not %s", low, high, v)
	}
	return nil
}

// oneOf takes "a|b|c".
func oneOf(arg, v string) error {
	if words := strings.Split(arg, "|"); !slices.Contains(words, v) {
		return fmt.Errorf("must be one of %s, not %s", strings.Join(words, ", "), v)
	}
	return nil
}

func hostPort(v string, lowest int) error {
	host, port, err := net.SplitHostPort(v)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || n < lowest || n > 65535 || strings.ContainsFunc(host, badInHost) {
		return fmt.Errorf("must be host:port such as 127.0.0.1:8080, not %q", v)
	}
	return nil
}

func badInHost(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-:%_", r)
}

// serverURL takes the schemes, "tcp|ssl". Only scheme, host and port may be given:
// a password does not belong into this file.
func serverURL(arg, v string) error {
	u, err := url.Parse(v)
	if err != nil || !slices.Contains(strings.Split(arg, "|"), u.Scheme) || hostPort(u.Host, 1) != nil ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("must be an address such as %s://127.0.0.1:1883, not %q", strings.Split(arg, "|")[0], v)
	}
	return nil
}

// oneLine takes the most bytes that the text may have.
func oneLine(arg, v string) error {
	if most, _ := strconv.Atoi(arg); len(v) > most || strings.ContainsFunc(v, unicode.IsControl) {
		return fmt.Errorf("must be one line of at most %s bytes", arg)
	}
	return nil
}

// base64Bytes takes the length of the decoded key, 0 for any.
func base64Bytes(arg, v string) error {
	b, err := base64.StdEncoding.DecodeString(v)
	if n, _ := strconv.Atoi(arg); err != nil || n != 0 && len(b) != n {
		return fmt.Errorf("must be %s bytes in base64, as the other side's command \"keys\" prints them", arg)
	}
	return nil
}

// texts returns the written form of a value, one text for each item of a list.
func texts(v reflect.Value) []string {
	if v.Kind() != reflect.Slice {
		return []string{fmt.Sprint(v.Interface())}
	}
	out := make([]string, v.Len())
	for i := range out {
		out[i] = v.Index(i).String()
	}
	return out
}
