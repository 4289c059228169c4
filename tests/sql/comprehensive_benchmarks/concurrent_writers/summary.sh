#!/usr/bin/env bash
# Sums up the runs of run.sh: per workload and contender the median of transactions per second, its ratio to the first
# contender of that workload, the ratio aimed at, the mean percentage of time spent waiting, and the failed transactions and wrong
# rows of all rounds.
#
#   summary.sh RUNS.csv
set -euo pipefail

tail -n +2 "$1" | sort -t , -k 1,1 -k 2,2 -k 4,4g | awk -F , -v OFS=, '
    function close_group(    middle) {
        if (!count) return
        middle = int((count + 1) / 2)
        median[group] = count % 2 ? tps[middle] : (tps[middle] + tps[middle + 1]) / 2
        count = 0
    }
    { key = $1 OFS $2 }
    key != group { close_group(); group = key }
    { tps[++count] = $4; failed[key] += $5; runs[key]++
      waiting[key] = $6 == "-" ? "-" : waiting[key] + $6; wrong[key] = $7 == "-" ? "-" : wrong[key] + $7 }
    END {
        close_group()
        split("own_documents none,own_documents tview,own_documents trigger,own_documents one_lock,hot_users none,hot_users tview,"\
              "hot_users trigger,hot_users one_lock,bulk alone,bulk beside_bulk", order, ",")
        aim["own_documents,tview"] = "0.90"
        aim["hot_users,tview"] = "0.70"
        aim["bulk,beside_bulk"] = "0.90"
        print "workload", "contender", "tps", "ratio", "aim", "failed", "waiting", "wrong_rows"
        for (i = 1; i in order; i++) {
            key = order[i]
            sub(" ", OFS, key)
            if (!(key in median)) continue
            if (key ~ /,(none|alone)$/) base = median[key]
            print key, sprintf("%.0f", median[key]), sprintf("%.2f", median[key] / base), (key in aim) ? aim[key] : "-", failed[key],
                waiting[key] == "-" ? "-" : sprintf("%.1f", waiting[key] / runs[key]), wrong[key]
        }
    }'
