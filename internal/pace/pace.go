// Package pace reads how many requests an API takes in a time. Start with [Parse].
package pace

import (
	"strconv"
	"strings"
)

// Form describes the texts that [Parse] reads.
const Form = `requests in a time, such as 10/s, 6000/m or 5000/h; "none" for no bound`

// None is the pace without a bound.
const None = "none"

var seconds = map[string]float64{"s": 1, "m": 60, "h": 3600}

// Parse returns the requests a second that a text such as "6000/m" allows; negative
// is no bound.
func Parse(text string) (perSecond float64, ok bool) {
	if text == None {
		return -1, true
	}
	count, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(count, 64)
	in, known := seconds[unit]
	if err != nil || !known || !(n > 0 && n <= 1e9) {
		return 0, false
	}
	return n / in, true
}

// Words describes a text that [Parse] reads: "6000 requests a minute".
func Words(text string) string {
	count, unit, _ := strings.Cut(text, "/")
	return count + " requests " + map[string]string{"s": "a second", "m": "a minute", "h": "an hour"}[unit]
}

// Text writes requests a second as [Parse] reads them.
func Text(perSecond float64) string {
	if perSecond < 0 {
		return None
	}
	return strconv.FormatFloat(perSecond, 'g', -1, 64) + "/s"
}
