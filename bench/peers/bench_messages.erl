%% Messages between two processes; the orders are those of bench/guests/driver/messages.cpp.
-module(bench_messages).
-export([orders/0, carry_out/3, echo/0, sink/1, round_trips/3, flood/3, body/1, timed/1]).

orders() -> ["round-trips", "flood", "blobs", "relay", "latency"].

carry_out("latency", [Count, Size, Pause], State) ->
    Echo = spawn(fun echo/0),
    Answer = latency(Echo, Count, body(Size), Pause),
    exit(Echo, kill),
    {Answer, State};
carry_out(Name, [Count, Size], State) ->
    Body = body(Size),
    Partner = spawn_link(fun partner/0),
    Partner ! list_to_atom(Name),
    Answer = work(Name, Partner, Count, Body),
    unlink(Partner),
    exit(Partner, kill),
    {Answer, State}.

partner() ->
    receive
        flood -> sink(0);
        _ -> echo()
    end.

work("flood", Sink, Count, Body) -> timed(fun() -> Count = flood(Sink, Count, Body) end);
%% A blob is passed by reference; each end looks at its last byte.
work("blobs", Echo, Count, Body) -> timed(fun() -> blobs(Echo, Count, Body) end);
work("relay", Echo, Count, Body) -> relay(Echo, Count, Body);
work(_, Echo, Count, Body) -> timed(fun() -> round_trips(Echo, Count, Body) end).

body(Size) -> binary:copy(<<"x">>, Size).

%% The work in a process of its own, as in a node: this one's mailbox is its own.
timed(Work) ->
    Self = self(),
    spawn_link(fun() ->
        Begin = erlang:monotonic_time(nanosecond),
        Work(),
        Self ! {done, erlang:monotonic_time(nanosecond) - Begin}
    end),
    receive
        {done, Nanoseconds} -> [Nanoseconds]
    end.

echo() ->
    receive
        {request, From, Reference, Body} ->
            From ! {response, Reference, Body},
            echo();
        {read, From, Reference, Body} ->
            $x = binary:last(Body),
            From ! {response, Reference, Body},
            echo();
        {finish, From, Reference} ->
            From ! {response, Reference, ok}
    end.

sink(Count) ->
    receive
        {message, _} ->
            sink(Count + 1);
        {count, From, Reference} ->
            From ! {response, Reference, Count},
            sink(0)
    end.

round_trips(_, 0, _) ->
    ok;
round_trips(To, Count, Body) ->
    trip(To, request, Body),
    round_trips(To, Count - 1, Body).

trip(To, Kind, Body) ->
    Reference = make_ref(),
    To ! {Kind, self(), Reference, Body},
    receive
        {response, Reference, Back} -> Back
    end.

flood(To, 0, _) ->
    Reference = make_ref(),
    To ! {count, self(), Reference},
    receive
        {response, Reference, Received} -> Received
    end;
flood(To, Count, Body) ->
    To ! {message, Body},
    flood(To, Count - 1, Body).

blobs(_, 0, _) ->
    ok;
blobs(To, Count, Body) ->
    $x = binary:last(trip(To, read, Body)),
    blobs(To, Count - 1, Body).

%% The process between passes on what it was given, and never looks.
relay(Echo, Count, Body) ->
    Self = self(),
    Relay = spawn_link(fun() ->
        receive
            {pass, Given} ->
                Begin = erlang:monotonic_time(nanosecond),
                round_trips(Echo, Count, Given),
                Self ! {done, erlang:monotonic_time(nanosecond) - Begin}
        end
    end),
    Relay ! {pass, Body},
    receive
        {done, Nanoseconds} -> [Nanoseconds]
    end.

latency(Echo, Count, Body, Pause) ->
    Self = self(),
    spawn_link(fun() ->
        Begin = erlang:monotonic_time(nanosecond),
        Trips = lists:sort(trips(Echo, Count, Body, Pause, Begin, [])),
        At = fun(Place) -> lists:nth(min(Place + 1, Count), Trips) end,
        All = erlang:monotonic_time(nanosecond) - Begin,
        Self ! {done, [All, At(Count div 2), At(Count * 99 div 100), At(Count - 1)]}
    end),
    receive
        {done, Answer} -> Answer
    end.

trips(_, 0, _, _, _, Trips) ->
    Trips;
trips(Echo, Count, Body, Pause, Before, Trips) ->
    sleep(Pause),
    trip(Echo, request, Body),
    Now = erlang:monotonic_time(nanosecond),
    trips(Echo, Count - 1, Body, Pause, Now, [max(Now - Before - Pause * 1000000, 0) | Trips]).

sleep(0) ->
    ok;
sleep(Milliseconds) ->
    receive
    after Milliseconds -> ok
    end.
