// Package web serves the staff's pages of the box: HTML made on the server that
// works without JavaScript, in Vietnamese and English. It calls the use cases of
// clinic/desk and asks the machine around it through the small interfaces of
// ports.go, which the command fills.
//
// One page is one file: its view struct, its handlers, and a template of the same
// name in templates/. Nothing typed is ever lost: a form that cannot be saved
// comes back as it was, and a form that meets a lock is kept until the PIN is in.
package web
