#!/bin/sh
# Becomes what the script $1 says: the words, environment, working directory and user of a Dockerfile's ENTRYPOINT and CMD, or
# of its HEALTHCHECK. Started by root with an empty environment. The same code has run the Dockerfile's RUN instructions.
# shellcheck shell=sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
replay_session='' replay_plain_root=root
