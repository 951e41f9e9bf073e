// Package panel drives what a box shows and hears without a screen: one or two
// lights, a button, a buzzer, and the board's power, temperature and clock chip.
//
// The lights say one of three things, told apart across a room and without
// colours: steady (working), slow blinking (working, but unsent for too long), fast
// blinking (needs help; on the second light where there is one). Dark means that
// the program has ended. A process that was killed leaves its last light behind
// until the supervisor starts it again.
//
// Everything is files of the kernel (leds, pwm, gpio, input, power_supply, thermal,
// rtc), and each path is an option. What is not there is a state and never an
// error: panels are optional, and parts are plugged in and out while the box runs.
package panel
