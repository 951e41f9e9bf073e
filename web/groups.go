package web

import "strings"

// groupsOf splits what is read aloud or written down: at blanks and hyphens, or
// after every fourth character when there are none.
func groupsOf(s string) []string {
	groups := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '-' || c == '\n' })
	if len(groups) != 1 {
		return groups
	}
	for s = groups[0]; len(s) > 4; s = s[4:] {
		groups = append(groups[:len(groups)-1], s[:4], s[4:])
	}
	return groups
}
