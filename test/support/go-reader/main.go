// Reads what Magnus compiles as the Go programs do that get it: `go-reader yaml` prints the documents on standard input
// as JSON, read as kubectl and Argo read them; `go-reader cron` prints when the schedules on standard input, a JSON list
// of {schedule, from, until, most}, come, read and computed as Argo's controller does.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
	"sigs.k8s.io/yaml"
)

type asked struct {
	Schedule string `json:"schedule"`
	// Seconds since 1970; times after the first up to the second are wanted.
	From  int64 `json:"from"`
	Until int64 `json:"until"`
	Most  int   `json:"most"`
}

type answer struct {
	Error string  `json:"error,omitempty"`
	Times []int64 `json:"times"`
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	var output any
	if err == nil && len(os.Args) == 2 && os.Args[1] == "yaml" {
		output, err = documents(input)
	} else if err == nil {
		output, err = schedules(input)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(output)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func documents(input []byte) ([]json.RawMessage, error) {
	var read []json.RawMessage
	for _, document := range bytes.Split(input, []byte("\n---\n")) {
		value, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, err
		}
		read = append(read, value)
	}
	return read, nil
}

func schedules(input []byte) ([]answer, error) {
	var all []asked
	if err := json.Unmarshal(input, &all); err != nil {
		return nil, err
	}
	answers := make([]answer, 0, len(all))
	for _, each := range all {
		answers = append(answers, timesOf(each))
	}
	return answers, nil
}

func timesOf(each asked) answer {
	schedule, err := cron.ParseStandard(each.Schedule)
	if err != nil {
		return answer{Error: err.Error(), Times: []int64{}}
	}
	times := []int64{}
	at := schedule.Next(time.Unix(each.From, 0).UTC())
	for !at.IsZero() && at.Unix() <= each.Until && len(times) < each.Most {
		times = append(times, at.Unix())
		at = schedule.Next(at)
	}
	return answer{Times: times}
}
