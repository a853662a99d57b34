<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- What waits for a second officer: the list, one of them, the page that asks before it is decided. And applying for a person. -->

    <!-- What a <proposal> or <past> is about, in one line. -->
    <xsl:template name="desk-proposed">
        <xsl:choose>
            <xsl:when test="@kind = 'revoke-many' and @many"><m:t k="proposal.some" person="i:name(.)" n="@many"/></xsl:when>
            <xsl:otherwise><m:t k="proposal.title.{@kind}" person="i:name(.)" number="@request"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <xsl:template match="proposer|decider" mode="who">
        <xsl:choose>
            <xsl:when test="@name"><xsl:value-of select="i:name(.)"/><span class="sub"><m:t k="who.{@who}"/></span></xsl:when>
            <xsl:otherwise><m:t k="who.{@who}"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- PROPOSALS: <proposal> or <past>. -->
    <xsl:template name="desk-proposals">
        <xsl:param name="proposals"/>
        <ul class="desk-lines card">
            <xsl:for-each select="$proposals">
                <li data-proposal="{@id}" data-state="{@state}">
                    <a href="/helpdesk/proposals/{@id}"><xsl:call-template name="desk-proposed"/></a>
                    <span class="sub">
                        <xsl:choose>
                            <xsl:when test="@mine"><m:t k="proposal.by.me"/></xsl:when>
                            <xsl:when test="proposer/@name"><m:t k="proposal.by" name="i:name(proposer)"/></xsl:when>
                            <xsl:otherwise><m:t k="proposal.by.operator"/></xsl:otherwise>
                        </xsl:choose>
                        <xsl:text> · </xsl:text>
                        <xsl:choose>
                            <xsl:when test="@state = 'open'"><m:t k="proposal.until"><m:with name="until"><xsl:call-template name="moment"><xsl:with-param name="at" select="@ends-at"/></xsl:call-template></m:with></m:t></xsl:when>
                            <xsl:otherwise><m:t k="proposal.state.{@state}"/><xsl:text> · </xsl:text><xsl:call-template name="moment"><xsl:with-param name="at" select="@decided-at"/></xsl:call-template></xsl:otherwise>
                        </xsl:choose>
                        <xsl:if test="$frame/@desk = 'operator'"><xsl:text> · </xsl:text><xsl:value-of select="i:name(institution)"/></xsl:if>
                    </span>
                </li>
            </xsl:for-each>
        </ul>
    </xsl:template>

    <xsl:template match="desk-proposals" mode="title"><m:t k="proposals.title"/></xsl:template>
    <xsl:template match="desk-proposals" mode="main">
        <xsl:call-template name="desk-nav"/>
        <h1><m:t k="proposals.title"/></h1>
        <p class="lead"><m:t k="proposals.what"/></p>
        <xsl:choose>
            <xsl:when test="proposal"><xsl:call-template name="desk-proposals"><xsl:with-param name="proposals" select="proposal"/></xsl:call-template></xsl:when>
            <xsl:otherwise><p class="nothing"><m:t k="proposals.none"/></p></xsl:otherwise>
        </xsl:choose>
        <xsl:if test="past">
            <section aria-labelledby="past">
                <h2 id="past"><m:t k="proposals.past"/></h2>
                <xsl:call-template name="desk-proposals"><xsl:with-param name="proposals" select="past"/></xsl:call-template>
            </section>
        </xsl:if>
    </xsl:template>

    <!-- One -->
    <xsl:template match="desk-proposal" mode="title"><xsl:for-each select="proposal"><xsl:call-template name="desk-proposed"/></xsl:for-each></xsl:template>
    <xsl:template match="desk-proposal" mode="main">
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="back"><xsl:with-param name="href">/helpdesk/proposals</xsl:with-param><xsl:with-param name="words"><m:t k="proposal.back"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="notice"/>
        <h1><xsl:for-each select="proposal"><xsl:call-template name="desk-proposed"/></xsl:for-each></h1>
        <section class="card now" aria-labelledby="standing" data-proposal="{proposal/@id}" data-state="{proposal/@state}">
            <h2 id="standing"><m:t k="proposal.state.{proposal/@state}"/></h2>
            <xsl:choose>
                <xsl:when test="@withdraw-key"><p><m:t k="proposal.mine"/></p></xsl:when>
                <xsl:when test="@confirm-key"><p><m:t k="proposal.yours"/></p></xsl:when>
                <xsl:when test="@decline-key"><p><strong><m:t k="proposal.impossible"/></strong></p></xsl:when>
                <xsl:when test="proposal/@state = 'open'"><p><m:t k="proposal.others"/></p></xsl:when>
            </xsl:choose>
            <div class="actions">
                <xsl:call-template name="desk-decision"><xsl:with-param name="act">confirm</xsl:with-param><xsl:with-param name="key" select="@confirm-key"/><xsl:with-param name="class">main</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-decision"><xsl:with-param name="act">decline</xsl:with-param><xsl:with-param name="key" select="@decline-key"/></xsl:call-template>
                <xsl:call-template name="desk-decision"><xsl:with-param name="act">withdraw</xsl:with-param><xsl:with-param name="key" select="@withdraw-key"/></xsl:call-template>
            </div>
        </section>
        <section aria-labelledby="facts">
            <h2 id="facts"><m:t k="proposal.facts"/></h2>
            <xsl:call-template name="desk-proposal-facts"/>
        </section>
        <xsl:if test="proposal/@state = 'open'"><xsl:call-template name="desk-outlook"/></xsl:if>
    </xsl:template>

    <xsl:template name="desk-decision">
        <xsl:param name="act"/>
        <xsl:param name="key"/>
        <xsl:param name="class"/>
        <xsl:if test="$key">
            <form method="post" action="/helpdesk/proposals/{proposal/@id}/{$act}">
                <xsl:call-template name="csrf"/>
                <xsl:call-template name="form-key"><xsl:with-param name="key" select="$key"/></xsl:call-template>
                <button type="submit" class="{$class}"><xsl:value-of select="i:message('proposal.do.', $act)"/></button>
            </form>
        </xsl:if>
    </xsl:template>

    <xsl:template name="desk-proposal-facts">
        <xsl:for-each select="proposal">
            <dl class="facts card">
                <div><dt><m:t k="desk.person"/></dt><dd><a href="/helpdesk/people/{@person}"><xsl:call-template name="desk-name"/></a><span class="sub"><xsl:value-of select="i:name(institution)"/></span></dd></div>
                <xsl:if test="@request"><div><dt><m:t k="fact.number"/></dt><dd><a href="/helpdesk/requests/{@request}"><m:t k="number" number="@request"/></a></dd></div></xsl:if>
                <xsl:if test="@type"><div><dt><m:t k="fact.type"/></dt><dd><xsl:call-template name="what"/></dd></div></xsl:if>
                <xsl:if test="@memo"><div><dt><m:t k="fact.memo"/></dt><dd><xsl:value-of select="@memo"/></dd></div></xsl:if>
                <xsl:if test="@mail"><div><dt><m:t k="fact.mail"/></dt><dd><xsl:value-of select="@mail"/></dd></div></xsl:if>
                <xsl:if test="@reason"><div><dt><m:t k="proposal.reason"/></dt><dd><m:t k="revoke.reason.{@reason}"/></dd></div></xsl:if>
                <div><dt><m:t k="proposal.proposer"/></dt><dd><xsl:apply-templates select="proposer" mode="who"/></dd></div>
                <xsl:if test="@note"><div><dt><m:t k="proposal.note"/></dt><dd><xsl:value-of select="@note"/></dd></div></xsl:if>
                <div><dt><m:t k="proposal.at"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@proposed-at"/></xsl:call-template></dd></div>
                <xsl:choose>
                    <xsl:when test="@state = 'open'"><div><dt><m:t k="proposal.ends"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@ends-at"/></xsl:call-template></dd></div></xsl:when>
                    <xsl:otherwise>
                        <div><dt><m:t k="proposal.decider"/></dt><dd><xsl:apply-templates select="decider" mode="who"/></dd></div>
                        <div><dt><m:t k="proposal.decided"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@decided-at"/></xsl:call-template></dd></div>
                        <xsl:if test="@decision"><div><dt><m:t k="proposal.decision"/></dt><dd><xsl:value-of select="@decision"/></dd></div></xsl:if>
                    </xsl:otherwise>
                </xsl:choose>
            </dl>
        </xsl:for-each>
    </xsl:template>

    <!-- Numbers and consequences as they are now. -->
    <xsl:template name="desk-outlook">
        <section aria-labelledby="outlook">
            <h2 id="outlook"><m:t k="proposal.outlook"/></h2>
            <xsl:choose>
                <xsl:when test="not(@possible)">
                    <p><xsl:choose>
                        <xsl:when test="@rule"><m:t k="desk.blocked.{@rule}"/></xsl:when>
                        <xsl:otherwise><m:t k="proposal.nothing-left"/></xsl:otherwise>
                    </xsl:choose></p>
                </xsl:when>
                <xsl:when test="proposal/@kind = 'revoke-many'">
                    <p><m:t k="desk.confirm.numbers" revoke="@revoke" withdraw="@withdraw"/></p>
                    <xsl:call-template name="desk-hits"/>
                    <xsl:call-template name="desk-consequences"/>
                </xsl:when>
                <xsl:when test="order">
                    <p><m:t k="proposal.will.apply" mail="proposal/@mail"/></p>
                    <xsl:for-each select="order">
                        <dl class="facts card">
                            <div><dt><m:t k="fact.subject"/></dt><dd class="mono"><xsl:value-of select="@subject"/></dd></div>
                            <div><dt><m:t k="fact.last-day"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></dd></div>
                        </dl>
                    </xsl:for-each>
                </xsl:when>
                <xsl:otherwise>
                    <p><m:t k="desk.act.{proposal/@kind}.text" mail="proposal/@mail"/></p>
                    <xsl:call-template name="desk-hits"/>
                </xsl:otherwise>
            </xsl:choose>
        </section>
    </xsl:template>

    <xsl:template name="desk-hits">
        <ul class="desk-lines card">
            <xsl:for-each select="row">
                <li data-request="{@number}">
                    <strong><m:t k="number" number="@number"/></strong><xsl:text> </xsl:text>
                    <xsl:call-template name="what"/>
                    <xsl:if test="@memo != ''"><span class="memo"><xsl:value-of select="@memo"/></span></xsl:if>
                    <xsl:if test="@serial"><span class="sub"><m:t k="revoke.serial" last="substring(@serial, string-length(@serial) - 3)"/></span></xsl:if>
                </li>
            </xsl:for-each>
        </ul>
    </xsl:template>

    <xsl:template name="desk-consequences">
        <div class="warning">
            <xsl:call-template name="icon-warn"/>
            <div>
                <p><strong><m:t k="revoke.final"/></strong></p>
                <ul>
                    <xsl:if test="row[@type = 'client']"><li><m:t k="revoke.stops.client"/></li></xsl:if>
                    <xsl:if test="row[@type = 'smime']"><li><m:t k="revoke.stops.smime"/></li></xsl:if>
                    <xsl:if test="@withdraw &gt; 0"><li><m:t k="desk.confirm.withdrawn"/></li></xsl:if>
                    <li><m:t k="desk.confirm.mailed"/></li>
                </ul>
            </div>
        </div>
    </xsl:template>

    <!-- On a page that asks the first officer. -->
    <xsl:template name="desk-two">
        <xsl:if test="@two">
            <div class="warning">
                <xsl:call-template name="icon-note"/>
                <div><p><strong><m:t k="proposal.two"/></strong></p><p><m:t k="proposal.two.next"/></p></div>
            </div>
        </xsl:if>
    </xsl:template>

    <!-- Once more before it is decided -->
    <xsl:template match="desk-decide" mode="title"><m:t k="proposal.ask.{@act}"/></xsl:template>
    <xsl:template match="desk-decide" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/proposals/', proposal/@id)"/><xsl:with-param name="words"><m:t k="proposal.back.one"/></xsl:with-param></xsl:call-template>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="proposal.ask.{@act}"/></h1>
        <p class="lead"><xsl:for-each select="proposal"><xsl:call-template name="desk-proposed"/></xsl:for-each></p>
        <p><m:t k="proposal.ask.{@act}.text"/></p>
        <xsl:call-template name="desk-proposal-facts"/>
        <xsl:if test="@act = 'confirm'"><xsl:call-template name="desk-outlook"/></xsl:if>
        <form method="post" action="/helpdesk/proposals/{proposal/@id}/{@act}">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <xsl:choose>
                <xsl:when test="@act = 'confirm'"><xsl:call-template name="desk-note"/></xsl:when>
                <xsl:when test="@act = 'decline'"><xsl:call-template name="desk-refusal"><xsl:with-param name="label"><m:t k="proposal.decline.reason"/></xsl:with-param><xsl:with-param name="hint"><m:t k="proposal.decline.hint"/></xsl:with-param></xsl:call-template></xsl:when>
            </xsl:choose>
            <p class="actions">
                <button type="submit">
                    <xsl:attribute name="class"><xsl:choose><xsl:when test="@act = 'confirm' and proposal/@kind = 'revoke-many'">danger</xsl:when><xsl:otherwise>main</xsl:otherwise></xsl:choose></xsl:attribute>
                    <m:t k="proposal.do.{@act}"/>
                </button>
                <a class="button plain" href="/helpdesk/proposals/{proposal/@id}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>
    <xsl:template match="desk-decide/problem[@field='reason']" mode="words" priority="1"><m:t k="problem.refusal.{@rule}" limit="@limit"/></xsl:template>

    <!-- Applying for a person: what there is to choose, on the person's page. -->
    <xsl:template name="desk-offers">
        <xsl:if test="offer">
            <section aria-labelledby="apply-for">
                <h2 id="apply-for"><m:t k="desk.apply"/></h2>
                <p class="hint"><m:t k="desk.apply.hint"/></p>
                <xsl:apply-templates select="offer" mode="desk"/>
            </section>
        </xsl:if>
    </xsl:template>

    <xsl:template match="offer" mode="desk">
        <details class="card desk-offer">
            <summary><m:t k="type.{@type}"/></summary>
            <xsl:choose>
                <xsl:when test="@blocked"><p><m:t k="desk.blocked.{@blocked}"/></p></xsl:when>
                <xsl:otherwise>
                    <form method="post" action="/helpdesk/people/{../found/@id}/apply">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
                        <input type="hidden" name="type" value="{@type}"/>
                        <div class="desk-fields">
                            <div class="field">
                                <label for="{@type}-months"><m:t k="offer.months"/></label>
                                <select id="{@type}-months" name="months">
                                    <xsl:for-each select="months"><option value="{.}"><m:t k="months" months="."/></option></xsl:for-each>
                                </select>
                            </div>
                            <div class="field">
                                <label for="{@type}-mail"><m:t k="fact.mail"/></label>
                                <select id="{@type}-mail" name="mail">
                                    <xsl:for-each select="mail"><option value="{.}"><xsl:value-of select="."/></option></xsl:for-each>
                                </select>
                            </div>
                            <div class="field">
                                <label for="{@type}-memo"><m:t k="fact.memo"/></label>
                                <input type="text" id="{@type}-memo" name="memo" maxlength="200" autocomplete="off"/>
                            </div>
                        </div>
                        <button type="submit"><m:t k="desk.apply.go"/></button>
                    </form>
                </xsl:otherwise>
            </xsl:choose>
        </details>
    </xsl:template>

    <!-- Once more before it is applied for -->
    <xsl:template match="desk-apply" mode="title"><m:t k="desk.apply.title" person="i:name(found)"/></xsl:template>
    <xsl:template match="desk-apply" mode="main">
        <xsl:variable name="person" select="concat('/helpdesk/people/', found/@id)"/>
        <xsl:call-template name="back"><xsl:with-param name="href" select="$person"/><xsl:with-param name="words"><m:t k="desk.back.person"/></xsl:with-param></xsl:call-template>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="desk.apply.title" person="i:name(found)"/></h1>
        <xsl:choose>
            <xsl:when test="@blocked">
                <p class="lead"><m:t k="desk.blocked.{@blocked}"/></p>
                <p class="hint"><m:t k="refused.nothing-done"/></p>
                <p class="actions"><a class="button main" href="{$person}"><m:t k="back"/></a></p>
            </xsl:when>
            <xsl:otherwise>
                <form method="post" action="{$person}/apply">
                    <xsl:for-each select="order">
                        <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
                        <input type="hidden" name="type" value="{@type}"/>
                        <input type="hidden" name="months" value="{@months}"/>
                        <input type="hidden" name="memo" value="{@memo}"/>
                        <input type="hidden" name="mail" value="{@mail}"/>
                        <dl class="facts card">
                            <div><dt><m:t k="fact.type"/></dt><dd><xsl:call-template name="what"/></dd></div>
                            <div><dt><m:t k="fact.name"/></dt><dd><xsl:value-of select="@common-name"/></dd></div>
                            <div><dt><m:t k="fact.mail"/></dt><dd><xsl:value-of select="@mail"/></dd></div>
                            <div><dt><m:t k="fact.last-day"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></dd></div>
                            <xsl:if test="@memo != ''"><div><dt><m:t k="fact.memo"/></dt><dd><xsl:value-of select="@memo"/></dd></div></xsl:if>
                            <div><dt><m:t k="fact.subject"/></dt><dd class="mono"><xsl:value-of select="@subject"/></dd></div>
                        </dl>
                    </xsl:for-each>
                    <xsl:call-template name="desk-two"/>
                    <ul>
                        <li><m:t k="desk.apply.mail" mail="order/@mail"/></li>
                        <li><m:t k="desk.apply.pin"/></li>
                        <li><m:t k="desk.apply.told"/></li>
                    </ul>
                    <xsl:call-template name="desk-note"/>
                    <p class="actions">
                        <button type="submit" class="main"><xsl:choose><xsl:when test="@two"><m:t k="proposal.propose"/></xsl:when><xsl:otherwise><m:t k="desk.apply.do"/></xsl:otherwise></xsl:choose></button>
                        <a class="button plain" href="{$person}"><m:t k="cancel"/></a>
                    </p>
                </form>
            </xsl:otherwise>
        </xsl:choose>
    </xsl:template>
</xsl:stylesheet>
