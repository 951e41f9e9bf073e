package wire

import "strings"

const topicRoot = "cb/1/"

// TopicUp is where the box publishes and the hub listens; box may be "+".
func TopicUp(box string) string { return topicRoot + box + "/up" }

// TopicDown is where the hub publishes and the box listens.
func TopicDown(box string) string { return topicRoot + box + "/down" }

// BoxOf returns the box that a topic belongs to; ok is false for another topic.
func BoxOf(topic string) (box string, d Direction, ok bool) {
	rest, ok := strings.CutPrefix(topic, topicRoot)
	if !ok {
		return "", 0, false
	}
	box, end, _ := strings.Cut(rest, "/")
	if box == "" || len(box) > MaxBox {
		return "", 0, false
	}
	switch end {
	case "up":
		return box, DirUp, true
	case "down":
		return box, DirDown, true
	}
	return "", 0, false
}
