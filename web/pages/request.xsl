<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- One request: what to do now, facts, history; and the progress page after applying. -->

    <xsl:template match="detail" mode="title"><m:t k="detail.title" number="request/@number"/></xsl:template>
    <xsl:template match="detail" mode="main">
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="back"/>
        <xsl:call-template name="notice"/>
        <xsl:apply-templates select="problem" mode="summary"/>
        <xsl:apply-templates select="request" mode="detail"/>
    </xsl:template>

    <xsl:template match="request" mode="detail">
        <xsl:variable name="certificate" select="../certificate"/>
        <xsl:variable name="pickup" select="../pickup"/>
        <xsl:variable name="renewal" select="../renewal"/>
        <h1><m:t k="detail.title" number="@number"/></h1>
        <p class="which-one">
            <xsl:call-template name="what"/>
            <xsl:if test="@memo != ''"><span class="memo"><xsl:value-of select="@memo"/></span></xsl:if>
        </p>

        <section class="card now now-{@state}" aria-labelledby="now">
            <h2 id="now">
                <xsl:choose>
                    <xsl:when test="$pickup/@state = 'locked'"><span class="state state-ready"><xsl:call-template name="icon-warn"/><m:t k="attention.locked"/></span></xsl:when>
                    <xsl:otherwise><xsl:call-template name="state"/></xsl:otherwise>
                </xsl:choose>
            </h2>
            <xsl:call-template name="now"/>
        </section>

        <section aria-labelledby="facts-certificate">
            <h2 id="facts-certificate"><m:t k="detail.certificate"/></h2>
            <xsl:if test="$certificate/@state = 'valid'">
                <div class="life-wide">
                    <xsl:call-template name="life"/>
                    <p>
                        <xsl:call-template name="day"><xsl:with-param name="at" select="@not-before"/></xsl:call-template>
                        <strong><xsl:call-template name="days-left"/></strong>
                        <xsl:call-template name="day"><xsl:with-param name="at" select="@not-after"/></xsl:call-template>
                    </p>
                </div>
            </xsl:if>
            <dl class="facts">
                <div>
                    <dt><m:t k="fact.certificate-state"/></dt>
                    <dd id="certificate-state">
                        <xsl:choose>
                            <xsl:when test="$certificate">
                                <m:t k="certificate.{$certificate/@state}"/>
                                <xsl:if test="$certificate/@revoked-at">
                                    <span class="sub">
                                        <xsl:call-template name="moment"><xsl:with-param name="at" select="$certificate/@revoked-at"/></xsl:call-template>
                                        <xsl:if test="$certificate/@reason"><xsl:text> · </xsl:text><m:t k="revoke.reason.{$certificate/@reason}"/></xsl:if>
                                    </span>
                                </xsl:if>
                            </xsl:when>
                            <xsl:otherwise><m:t k="certificate.none"/></xsl:otherwise>
                        </xsl:choose>
                    </dd>
                </div>
                <div>
                    <dt><m:t k="fact.not-before"/></dt>
                    <dd id="not-before"><xsl:call-template name="exact"><xsl:with-param name="at" select="@not-before"/></xsl:call-template></dd>
                </div>
                <div>
                    <dt><xsl:choose><xsl:when test="$certificate"><m:t k="fact.not-after"/></xsl:when><xsl:otherwise><m:t k="fact.not-after.planned"/></xsl:otherwise></xsl:choose></dt>
                    <dd id="not-after"><xsl:call-template name="exact"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></dd>
                </div>
                <xsl:if test="$renewal">
                    <div>
                        <dt><m:t k="fact.renewal"/></dt>
                        <dd><xsl:call-template name="exact"><xsl:with-param name="at" select="$renewal/@not-after"/></xsl:call-template></dd>
                    </div>
                </xsl:if>
                <div>
                    <dt><m:t k="fact.serial"/></dt>
                    <dd id="serial">
                        <xsl:choose>
                            <xsl:when test="$certificate"><code class="break"><xsl:value-of select="$certificate/@serial"/></code></xsl:when>
                            <xsl:otherwise><m:t k="fact.serial.none"/></xsl:otherwise>
                        </xsl:choose>
                    </dd>
                </div>
                <div>
                    <dt><xsl:choose><xsl:when test="$certificate"><m:t k="fact.subject"/></xsl:when><xsl:otherwise><m:t k="fact.subject.planned"/></xsl:otherwise></xsl:choose></dt>
                    <dd id="subject" class="mono">
                        <xsl:choose>
                            <xsl:when test="$certificate"><xsl:value-of select="$certificate/@subject"/></xsl:when>
                            <xsl:otherwise><xsl:value-of select="@subject"/></xsl:otherwise>
                        </xsl:choose>
                    </dd>
                </div>
                <xsl:if test="$certificate/@fingerprint">
                    <div>
                        <dt><m:t k="fact.fingerprint"/></dt>
                        <dd class="mono"><xsl:value-of select="i:pairs($certificate/@fingerprint)"/></dd>
                    </div>
                </xsl:if>
                <xsl:if test="$certificate/@key"><div><dt><m:t k="fact.key"/></dt><dd id="key"><xsl:choose><xsl:when test="i:has('key.', $certificate/@key)"><xsl:value-of select="i:message('key.', $certificate/@key)"/></xsl:when><xsl:otherwise><xsl:value-of select="$certificate/@key"/></xsl:otherwise></xsl:choose><xsl:if test="$certificate/@key-origin"><span class="sub"><m:t k="origin.{$certificate/@key-origin}"/></span></xsl:if></dd></div></xsl:if>
            </dl>
            <xsl:if test="../previous">
                <details>
                    <summary><m:t k="detail.previous" n="count(../previous)"/></summary>
                    <ul class="previous">
                        <xsl:for-each select="../previous">
                            <li>
                                <code class="break"><xsl:value-of select="@serial"/></code>
                                <span>
                                    <m:t k="certificate.{@state}"/>
                                    <xsl:if test="@reason"><xsl:text> · </xsl:text><m:t k="revoke.reason.{@reason}"/></xsl:if>
                                    <xsl:text> · </xsl:text>
                                    <xsl:value-of select="i:day(@not-before)"/><xsl:text> – </xsl:text><xsl:value-of select="i:day(@not-after)"/>
                                </span>
                            </li>
                        </xsl:for-each>
                    </ul>
                </details>
            </xsl:if>
        </section>

        <section aria-labelledby="facts-request">
            <h2 id="facts-request"><m:t k="detail.request"/></h2>
            <dl class="facts">
                <div><dt><m:t k="fact.number"/></dt><dd><xsl:value-of select="@number"/></dd></div>
                <div><dt><m:t k="fact.type"/></dt><dd><xsl:call-template name="what"/></dd></div>
                <div>
                    <dt><m:t k="fact.state"/></dt>
                    <dd id="state" data-state="{@state}"><xsl:value-of select="i:message('state.', @state)"/></dd>
                </div>
                <div>
                    <dt><m:t k="fact.applied-at"/></dt>
                    <dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@applied-at"/></xsl:call-template></dd>
                </div>
                <xsl:for-each select="../login">
                    <div>
                        <dt><m:t k="fact.login"/></dt>
                        <dd id="login">
                            <xsl:call-template name="context"/>
                            <xsl:if test="@at"><span class="sub"><xsl:call-template name="moment"><xsl:with-param name="at" select="@at"/></xsl:call-template></span></xsl:if>
                            <xsl:for-each select="assurance"><span class="sub mono break"><xsl:value-of select="."/></span></xsl:for-each>
                        </dd>
                    </div>
                </xsl:for-each>
                <xsl:if test="not($pickup/@pin)">
                    <div><dt><m:t k="fact.pin"/></dt><dd id="pin"><xsl:call-template name="no-pin"/></dd></div>
                </xsl:if>
                <div>
                    <dt><m:t k="fact.mail"/></dt>
                    <dd id="mail">
                        <span><xsl:value-of select="@mail"/></span>
                        <xsl:if test="../mail">
                            <ul class="mails"><xsl:apply-templates select="../mail" mode="line"/></ul>
                        </xsl:if>
                    </dd>
                </div>
            </dl>
            <form method="post" action="/certificates/{@number}/memo" class="memo-form">
                <xsl:variable name="problem" select="../problem[@field = 'memo']"/>
                <xsl:if test="$problem"><xsl:attribute name="class">memo-form wrong</xsl:attribute></xsl:if>
                <xsl:call-template name="csrf"/>
                <div class="field">
                    <label for="memo"><m:t k="fact.memo"/></label>
                    <p class="hint" id="memo-hint"><m:t k="fact.memo.hint"/></p>
                    <xsl:apply-templates select="$problem" mode="beside"/>
                    <div class="field-row">
                        <input type="text" id="memo" name="memo" value="{@memo}" maxlength="200" autocomplete="off">
                            <xsl:attribute name="aria-describedby">memo-hint<xsl:if test="$problem"> memo-problem</xsl:if></xsl:attribute>
                            <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                        </input>
                        <button type="submit"><m:t k="act.memo"/></button>
                    </div>
                </div>
            </form>
        </section>

        <section aria-labelledby="history">
            <h2 id="history"><m:t k="detail.history"/></h2>
            <ol class="history"><xsl:apply-templates select="../event"/></ol>
        </section>

        <xsl:if test="@revoke-key or @withdraw-key or @lost-key">
            <section class="apart" aria-labelledby="apart">
                <h2 id="apart"><m:t k="detail.end"/></h2>
                <xsl:apply-templates select="../code" mode="detail"/>
                <xsl:if test="@withdraw-key">
                    <div class="apart-row">
                        <p><xsl:choose><xsl:when test="$certificate"><m:t k="withdraw.what.renewal"/></xsl:when><xsl:otherwise><m:t k="withdraw.what"/></xsl:otherwise></xsl:choose></p>
                        <xsl:call-template name="act">
                            <xsl:with-param name="act">withdraw</xsl:with-param><xsl:with-param name="key" select="@withdraw-key"/>
                            <xsl:with-param name="words">
                                <xsl:choose><xsl:when test="$certificate"><m:t k="act.withdraw.renewal"/></xsl:when><xsl:otherwise><m:t k="act.withdraw"/></xsl:otherwise></xsl:choose>
                            </xsl:with-param>
                        </xsl:call-template>
                    </div>
                </xsl:if>
                <xsl:if test="@lost-key">
                    <div class="apart-row">
                        <p><m:t k="lost.what" memo="@memo"/></p>
                        <xsl:call-template name="act">
                            <xsl:with-param name="act">lost</xsl:with-param><xsl:with-param name="key" select="@lost-key"/>
                            <xsl:with-param name="class">danger-outline</xsl:with-param><xsl:with-param name="words"><m:t k="desk.lost"/></xsl:with-param>
                        </xsl:call-template>
                    </div>
                </xsl:if>
                <xsl:if test="@revoke-key">
                    <div class="apart-row">
                        <p><m:t k="revoke.what"/></p>
                        <xsl:call-template name="act">
                            <xsl:with-param name="act">revoke</xsl:with-param><xsl:with-param name="key" select="@revoke-key"/>
                            <xsl:with-param name="class">danger-outline</xsl:with-param><xsl:with-param name="words"><m:t k="act.revoke"/></xsl:with-param>
                        </xsl:call-template>
                    </div>
                </xsl:if>
            </section>
        </xsl:if>
        <p class="table-links"><a href="/certificates/{@number}"><m:t k="refresh"/></a></p>
    </xsl:template>

    <!-- A moment for people, and the day as certificates write it. -->
    <xsl:template name="exact">
        <xsl:param name="at"/>
        <time datetime="{$at}"><xsl:value-of select="i:moment($at)"/></time>
        <span class="sub"><xsl:value-of select="substring($at, 1, 10)"/><xsl:text> </xsl:text><xsl:value-of select="i:clock($at)"/></span>
    </xsl:template>

    <!-- What is to be done now, by state; the one act as a button. -->
    <xsl:template name="now">
        <xsl:variable name="pickup" select="../pickup"/>
        <xsl:variable name="words">
            <xsl:choose>
                <xsl:when test="$pickup/@state = 'locked'">locked</xsl:when>
                <xsl:when test="../mail[@event = 'ready'][last()]/@state = 'failed' and ($pickup/@state = 'waiting')">mail-failed</xsl:when>
                <xsl:when test="@state = 'collected' and ../@attention = 'ending'">ending</xsl:when>
                <xsl:when test="@state = 'refused' and ../event/@refusal">refused-why</xsl:when>
                <xsl:when test="@state = 'collected' and $pickup/@locked">collected-locked</xsl:when>
                <xsl:when test="@state = 'collected' and $pickup/@state = 'open'">collected-open</xsl:when>
                <xsl:otherwise><xsl:value-of select="@state"/></xsl:otherwise>
            </xsl:choose>
        </xsl:variable>
        <p>
            <m:t k="now.{$words}" mail="@mail">
                <m:with name="until"><xsl:call-template name="moment"><xsl:with-param name="at" select="$pickup/@until"/></xsl:call-template></m:with>
                <m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></m:with>
                <m:with name="left"><xsl:call-template name="days-left"/></m:with>
            </m:t>
        </p>
        <xsl:if test="$words = 'refused-why'"><blockquote><xsl:value-of select="../event[@refusal][last()]/@refusal"/></blockquote></xsl:if>
        <xsl:if test="$pickup/@pin"><xsl:call-template name="pin-panel"/></xsl:if>
        <xsl:if test="$pickup/@state = 'waiting' and $words != 'mail-failed'">
            <p class="hint"><m:t k="now.until"><m:with name="until"><xsl:call-template name="moment"><xsl:with-param name="at" select="$pickup/@until"/></xsl:call-template></m:with></m:t></p>
        </xsl:if>
        <div class="actions">
            <xsl:if test="@renew-key">
                <xsl:call-template name="act">
                    <xsl:with-param name="act">renew</xsl:with-param><xsl:with-param name="key" select="@renew-key"/>
                    <xsl:with-param name="class"><xsl:if test="$words = 'ending'">main</xsl:if></xsl:with-param>
                    <xsl:with-param name="words"><m:t k="act.renew"/></xsl:with-param>
                </xsl:call-template>
            </xsl:if>
            <xsl:if test="@resend-key">
                <xsl:choose>
                    <xsl:when test="$pickup/@resend-asked"><p class="hint"><m:t k="now.resend-asked"/></p></xsl:when>
                    <xsl:otherwise>
                        <xsl:call-template name="act">
                            <xsl:with-param name="act">resend</xsl:with-param><xsl:with-param name="key" select="@resend-key"/>
                            <xsl:with-param name="class"><xsl:if test="$words = 'mail-failed'">main</xsl:if></xsl:with-param>
                            <xsl:with-param name="words"><m:t k="act.resend"/></xsl:with-param>
                        </xsl:call-template>
                    </xsl:otherwise>
                </xsl:choose>
            </xsl:if>
            <xsl:if test="@pin-key">
                <xsl:choose>
                    <xsl:when test="$pickup/@new-pin-asked"><p class="hint"><m:t k="now.new-pin-asked"/></p></xsl:when>
                    <xsl:otherwise>
                        <xsl:call-template name="act">
                            <xsl:with-param name="act">pin</xsl:with-param><xsl:with-param name="key" select="@pin-key"/>
                            <xsl:with-param name="class"><xsl:choose><xsl:when test="$words = 'locked'">main</xsl:when><xsl:otherwise>plain</xsl:otherwise></xsl:choose></xsl:with-param>
                            <xsl:with-param name="words"><m:t k="act.new-pin"/></xsl:with-param>
                        </xsl:call-template>
                    </xsl:otherwise>
                </xsl:choose>
            </xsl:if>
            <xsl:if test="@state = 'revoked' or @state = 'expired' or @state = 'lapsed'">
                <a class="button" href="/certificates#apply"><m:t k="act.apply-anew"/></a>
            </xsl:if>
            <xsl:if test="@state = 'applied' or @state = 'renewing' or @state = 'revoking'">
                <a class="button" href="/certificates/{@number}"><m:t k="refresh"/></a>
            </xsl:if>
        </div>
    </xsl:template>

    <!-- The PIN, shown on demand. -->
    <xsl:template name="pin-panel">
        <xsl:variable name="pin" select="../pickup/@pin"/>
        <details class="pin-panel">
            <summary><m:t k="pin.show"/></summary>
            <!-- The dd holds the PIN and nothing else, so that what is selected or read out of it is the PIN. -->
            <dl>
                <dt><m:t k="fact.pin"/></dt>
                <dd id="pin"><code id="pin-text" class="pin"><xsl:value-of select="$pin"/></code></dd>
            </dl>
            <p class="pin-value"><xsl:call-template name="copy"><xsl:with-param name="id">pin-text</xsl:with-param></xsl:call-template></p>
            <p class="hint"><m:t k="pin.read"><m:with name="groups"><span class="mono"><xsl:value-of select="i:groups($pin, 4)"/></span></m:with></m:t></p>
        </details>
        <xsl:apply-templates select="../pickup/qr"/>
        <xsl:if test="../pickup/@pin-mailed"><p class="hint"><m:t k="pin.mailed"/></p></xsl:if>
    </xsl:template>

    <xsl:template name="no-pin">
        <xsl:choose>
            <xsl:when test="../pickup/@new-pin-asked"><m:t k="pin.none.new"/></xsl:when>
            <xsl:when test="../pickup/@state = 'locked'"><m:t k="pin.none.locked"/></xsl:when>
            <xsl:when test="@state = 'applied' or @state = 'renewing' or @state = 'approval'"><m:t k="pin.none.making"/></xsl:when>
            <xsl:when test="../pickup/@collected-at"><m:t k="pin.none.collected"/></xsl:when>
            <xsl:otherwise><m:t k="pin.none"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <xsl:template match="mail" mode="line">
        <li class="mail-{@state}">
            <xsl:value-of select="i:message('mail.event.', @event)"/>
            <xsl:text>: </xsl:text>
            <strong><m:t k="mail.state.{@state}"/></strong>
            <xsl:if test="@at"><xsl:text> </xsl:text><xsl:call-template name="moment"><xsl:with-param name="at" select="@at"/></xsl:call-template></xsl:if>
            <xsl:if test="@error != ''"><span class="sub mono" lang="en"><xsl:value-of select="@error"/></span></xsl:if>
        </li>
    </xsl:template>

    <xsl:template match="event">
        <li class="event-{@what}">
            <time datetime="{@at}"><xsl:value-of select="i:moment(@at)"/></time>
            <span class="event-what"><m:t k="history.{@what}"/><xsl:if test="@key-origin"><small><m:t k="origin.{@key-origin}"/></small></xsl:if><xsl:if test="@refusal"><small><m:t k="refusal.said" words="@refusal"/></small></xsl:if></span>
            <span class="event-who"><m:t k="who.{@who}"/></span>
        </li>
    </xsl:template>

    <!-- Progress after applying or renewing. The script asks again while data-poll is there; without it the button does, or the
         browser by itself. -->
    <xsl:template match="accepted" mode="title"><xsl:call-template name="accepted-title"/></xsl:template>
    <xsl:template name="accepted-title">
        <xsl:choose>
            <xsl:when test="renewal"><m:t k="accepted.title.renewal" number="request/@number"/></xsl:when>
            <xsl:otherwise><m:t k="accepted.title" number="request/@number"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <xsl:template match="accepted" mode="head">
        <xsl:if test="not(mail/@state = 'sent' or mail/@state = 'failed' or request/@state = 'approval')">
            <noscript><meta http-equiv="refresh" content="5"/></noscript>
        </xsl:if>
    </xsl:template>

    <xsl:template match="accepted" mode="main">
        <xsl:variable name="over" select="mail/@state = 'sent' or mail/@state = 'failed' or request/@state = 'approval'"/>
        <xsl:call-template name="back"/>
        <h1><xsl:call-template name="accepted-title"/></h1>
        <p class="which-one"><xsl:for-each select="request"><xsl:call-template name="what"/><xsl:if test="@memo != ''"><span class="memo"><xsl:value-of select="@memo"/></span></xsl:if></xsl:for-each></p>
        <div id="progress">
            <xsl:if test="not($over)"><xsl:attribute name="data-poll">1</xsl:attribute></xsl:if>
            <p class="lead" role="status">
                <xsl:choose>
                    <xsl:when test="request/@state = 'approval'"><m:t k="accepted.approval"/></xsl:when>
                    <xsl:when test="mail/@state = 'failed'"><m:t k="accepted.mail-failed"/></xsl:when>
                    <xsl:when test="mail/@state = 'sent'"><m:t k="accepted.done"/></xsl:when>
                    <xsl:otherwise><m:t k="accepted.working"/></xsl:otherwise>
                </xsl:choose>
            </p>
            <ol class="progress">
                <xsl:call-template name="progress-step">
                    <xsl:with-param name="state">done</xsl:with-param>
                    <xsl:with-param name="words"><m:t k="accepted.step.applied"/></xsl:with-param>
                    <xsl:with-param name="at" select="(renewal | request[not(../renewal)])/@applied-at"/>
                </xsl:call-template>
                <xsl:if test="request/@state = 'approval'">
                    <xsl:call-template name="progress-step">
                        <xsl:with-param name="state">doing</xsl:with-param>
                        <xsl:with-param name="words"><m:t k="accepted.step.approval"/></xsl:with-param>
                    </xsl:call-template>
                </xsl:if>
                <xsl:call-template name="progress-step">
                    <xsl:with-param name="state">
                        <xsl:choose><xsl:when test="pickup/@pin-at">done</xsl:when><xsl:when test="request/@state = 'approval'">todo</xsl:when><xsl:otherwise>doing</xsl:otherwise></xsl:choose>
                    </xsl:with-param>
                    <xsl:with-param name="words"><m:t k="accepted.step.pin"/></xsl:with-param>
                    <xsl:with-param name="at" select="pickup/@pin-at"/>
                </xsl:call-template>
                <xsl:call-template name="progress-step">
                    <xsl:with-param name="state">
                        <xsl:choose>
                            <xsl:when test="mail/@state = 'sent'">done</xsl:when><xsl:when test="mail/@state = 'failed'">failed</xsl:when>
                            <xsl:when test="pickup/@pin-at">doing</xsl:when><xsl:otherwise>todo</xsl:otherwise>
                        </xsl:choose>
                    </xsl:with-param>
                    <xsl:with-param name="words"><m:t k="accepted.step.mail" mail="request/@mail"/></xsl:with-param>
                    <xsl:with-param name="at" select="mail[@state != 'waiting']/@at"/>
                    <xsl:with-param name="more"><xsl:if test="mail/@error"><span class="sub mono" lang="en"><xsl:value-of select="mail/@error"/></span></xsl:if></xsl:with-param>
                </xsl:call-template>
                <xsl:call-template name="progress-step">
                    <xsl:with-param name="state">todo</xsl:with-param>
                    <xsl:with-param name="words"><m:t k="accepted.step.collect"/></xsl:with-param>
                </xsl:call-template>
            </ol>
            <xsl:if test="pickup/@pin">
                <section class="card" aria-labelledby="pin-title">
                    <h2 id="pin-title"><m:t k="accepted.pin"/></h2>
                    <xsl:for-each select="request"><xsl:call-template name="pin-panel"/></xsl:for-each>
                </section>
            </xsl:if>
        </div>
        <p class="actions">
            <a class="button" href="/certificates/{request/@number}"><m:t k="accepted.detail"/></a>
            <xsl:if test="not($over)"><a class="button plain" href="/certificates/{request/@number}/accepted" id="progress-refresh"><m:t k="refresh"/></a></xsl:if>
        </p>
    </xsl:template>

    <xsl:template name="progress-step">
        <xsl:param name="state"/>
        <xsl:param name="words"/>
        <xsl:param name="at"/>
        <xsl:param name="more"/>
        <li class="step-{$state}">
            <xsl:if test="$state = 'doing'"><xsl:attribute name="aria-current">step</xsl:attribute></xsl:if>
            <span class="step-mark" aria-hidden="true"></span>
            <span class="step-words"><xsl:copy-of select="$words"/><span class="unseen"> (<m:t k="progress.{$state}"/>)</span></span>
            <xsl:if test="$at"><time datetime="{$at}"><xsl:value-of select="i:clock($at)"/></time></xsl:if>
            <xsl:copy-of select="$more"/>
        </li>
    </xsl:template>
</xsl:stylesheet>
