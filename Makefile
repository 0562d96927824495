# ringkeeper. tools/deno.sh, which ./ringkeeper uses, too, finds or fetches the pinned Deno.
#
## make run     start the balancer and its replicas [PORT=5000] [REPLICAS=3] [ENGINE=auto|process|docker|swarm]
## make stop    end exactly what `make run` started
## make status  show the fleet; ./ringkeeper --help lists more
## make logs    follow the balancer's log
## make build   build the images, or cache the dependencies where no Docker engine answers
## make test    every gate and every test
## make bench   the benchmarks
## make experiments  the seed document's experiments, about ten minutes; writes docs/experiments.md

DENO = sh tools/deno.sh

help:
	@sed -n 's/^## //p' Makefile

run:
	@./ringkeeper up $${ENGINE:+--engine "$$ENGINE"} $${REPLICAS:+--replicas "$$REPLICAS"} $${PORT:+--port "$$PORT"}

stop:
	@./ringkeeper down

status:
	@./ringkeeper status

logs:
	@./ringkeeper logs

build:
	@$(DENO) task -q build

test:
	@$(DENO) task -q test

bench:
	@$(DENO) task -q bench

experiments:
	@$(DENO) task -q experiments

.PHONY: help run stop status logs build test bench experiments
