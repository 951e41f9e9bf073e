// Package demo joins the real box and the real hub on loopback with simulated
// devices and an invented clinic's data: what `make run` starts.
package demo
