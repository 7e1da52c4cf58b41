#!/bin/sh
# The main job on real data, as `make demo` shows it: demo.sh PROGRAM FOLDER
set -eu
program=$1
folder=$2
mkdir -p "$folder"
data=$("$program" data path sachs)
"$program" pc "$data" --alpha 0.01 --quiet -o "$folder/sachs.graphml" -o "$folder/sachs.json"
"$program" convert --quiet "$folder/sachs.json" -f text
truth=$("$program" data path sachs --part truth)
score=$("$program" compare "$truth" "$folder/sachs.json" -f json |
    sed -n 's/.*"adjacency_precision": \([0-9.]*\).*/\1 precision/p; s/.*"adjacency_recall": \([0-9.]*\).*/and \1 recall/p' |
    tr '\n' ' ')
echo
echo "Found: a causal graph of 11 proteins in 7,466 cells; against the biologists' network its edges have ${score% }."
echo "Written: $folder/sachs.graphml (for networkx, igraph, Cytoscape, Gephi) and $folder/sachs.json (with all the evidence)."
echo "Next: $program ci $data 'praf ~ pmek | PKA', or your own file: $program pc FILE.csv -o graph.graphml"
