#!/bin/sh
# github.com/robfig/cron v3.0.1, which computes the times of Argo's CronWorkflows (and of many Go programs).
#
# Where a zone's clock changes by half an hour (Australia/Lord_Howe, twice a year), a daily schedule at a full hour does
# not run at all on that day, however far the hour is from the change: noon is left out as well. The same schedule at half
# past runs. An hourly schedule runs all day. In zones that change by a whole hour nothing is left out.
# One would guess that only times within the half hour that is skipped or repeated (1:30 to 2:30) are affected.
#
# Seen with go 1.26 (its own zone data): 2026-04-05, clock back at 2:00; 2026-10-04, clock forward at 2:00.
# Needs: go, and a module proxy or network. Exit 0: as described; 1: it is different now.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func main() {
	for _, day := range []string{"2026-04-05", "2026-10-04"} {
		for _, spec := range []string{"0 3 * * *", "0 12 * * *", "30 12 * * *", "0 * * * *"} {
			zone, _ := time.LoadLocation("Australia/Lord_Howe")
			schedule, _ := cron.ParseStandard("CRON_TZ=Australia/Lord_Howe " + spec)
			begin, _ := time.ParseInLocation("2006-01-02", day, zone)
			runs := 0
			for t := schedule.Next(begin.Add(-time.Second)); t.In(zone).Format("2006-01-02") == day; t = schedule.Next(t) {
				runs++
			}
			fmt.Printf("%s %q: %d\n", day, spec, runs)
		}
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/robfig/cron/v3@v3.0.1 >/dev/null 2>&1
go run . >seen

cat >expected <<'TEXT'
2026-04-05 "0 3 * * *": 0
2026-04-05 "0 12 * * *": 0
2026-04-05 "30 12 * * *": 1
2026-04-05 "0 * * * *": 24
2026-10-04 "0 3 * * *": 0
2026-10-04 "0 12 * * *": 0
2026-10-04 "30 12 * * *": 1
2026-10-04 "0 * * * *": 23
TEXT
diff expected seen && echo "runs a day, as described"
